"""What plans may say one day and this release cannot do yet: refused as such, never ignored. The only such list.

What is read and checked, and only not acted on yet, stands in `not_acted_on`.
"""

from __future__ import annotations

TOP = "plan"

FIELDS: dict[str, dict[str, str]] = {
    TOP: {
        "currency": "the currency of prices",
    },
}
