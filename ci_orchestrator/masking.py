"""Secrets that must not be written: a value that shows nothing of itself, and texts without it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
SHORTEST = 4
"""Characters of a value that is masked. A shorter one stands in too many texts by chance, and is no secret."""


class Secret:
    """A text that appears in no repr, no error and no log. `reveal` is for the one place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return f"Secret({MASK if self._value else ''})"

    __str__ = __repr__


class Mask:
    """Replaces secrets by ``***``, also where they stand escaped as in XML, JSON, URLs or base64.

    A secret of several lines is masked as a whole and line by line. Values shorter than `SHORTEST` are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {form for secret in secrets for form in _forms(secret)}
        ordered = sorted(found, key=lambda form: (-len(form), form))  # the longest first: one may contain another
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._data = re.compile(b"|".join(re.escape(form.encode()) for form in ordered)) if ordered else None
        self.longest = max((len(form.encode()) for form in ordered), default=0)

    def __bool__(self) -> bool:
        return self._text is not None

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        return self._text.sub(MASK, text) if self._text else text

    def data(self, data: bytes) -> bytes:
        """The same for bytes of a text in UTF-8."""
        return self._data.sub(MASK.encode(), data) if self._data else data


NO_MASK = Mask()
"""Hides nothing."""


def _forms(secret: str) -> Iterable[str]:
    for part in {secret, *secret.splitlines()}:
        text = part.strip("\r\n")
        if len(text.strip()) < SHORTEST:
            continue
        yield text
        yield html.escape(text, quote=False)
        yield html.escape(text, quote=True)
        yield quote(text, safe="")
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii").rstrip("=")
