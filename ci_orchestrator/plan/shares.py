"""Shares of a whole, as plans write them: ``80%``, and with a sign (``<5%``) where it matters which side is meant."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from ci_orchestrator.capabilities.units import RefusedError, shown

_PERCENT = r"[0-9]{1,2}(?:\.[0-9]{1,4})?%"
_UP_TO_ALL = rf"(?:100(?:\.0{{1,4}})?%|{_PERCENT})"
_UP_TO_TENFOLD = r"(?:1000(?:\.0{1,4})?%|[0-9]{1,3}(?:\.[0-9]{1,4})?%)"


def format_percent(share: float) -> str:
    """The shortest text of a share that a plan wrote, exact to its four decimals: ``80%``, ``0.5%``."""
    return f"{share * 100:.4f}".rstrip("0").rstrip(".") + "%"


def _signed(sign: str, example: str) -> BeforeValidator:
    """Reads ``<5%`` as 0.05; the sign must be there, so that nobody has to guess which side is meant."""
    pattern = re.compile(f"{sign} ?({_PERCENT})")

    def read(value: object) -> object:
        if isinstance(value, float) and 0 < value < 1:  # as a lock has it
            return value
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        share = float(match[1].removesuffix("%")) / 100 if match else 0.0
        if not share:
            raise RefusedError(f"{shown(value)} is not such a share", f'write it like "{example}"')
        return share

    return BeforeValidator(read)


def _plain(pattern: str, example: str) -> BeforeValidator:
    """Reads ``0.5%`` as 0.005. A bare number is refused, in locks too: 0.5 could be a half or half a percent."""
    compiled = re.compile(pattern)

    def read(value: object) -> float:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise RefusedError(f"{shown(value)} is not such a share", f"write it like {example}")
        return float(value.removesuffix("%")) / 100

    return BeforeValidator(read)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"title": "share", "type": "string", "pattern": f"^{pattern}$"}, mode="validation")


_AS_TEXT = PlainSerializer(format_percent, return_type=str, when_used="json")

Below = Annotated[float, _signed("<", "<5%"), _schema(f"< ?{_PERCENT}")]
Above = Annotated[float, _signed(">", ">10%"), _schema(f"> ?{_PERCENT}")]
Share = Annotated[float, _signed("", "95%"), _schema(f" ?{_PERCENT}")]
Percent = Annotated[float, _plain(_UP_TO_ALL, "80%"), _AS_TEXT, _schema(_UP_TO_ALL)]
"""From 0% to 100%."""
Growth = Annotated[float, _plain(_UP_TO_TENFOLD, "20%"), _AS_TEXT, _schema(_UP_TO_TENFOLD)]
"""From 0% to 1000% of what was before."""
