"""The capabilities that a runner can have: their names, the kinds of their values, and how values are read.

Two families, `gpu` and `browser`, may be there more than once: they provide a list of entries. `device` is open:
whatever else a runner has, its owner names it there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite

from ci_orchestrator.capabilities.units import SIZE, RefusedError, format_size, parse_size, shown

Scalar = bool | int | float | str
Version = tuple[int, ...]
Value = bool | int | float | str | Version


class Kind(StrEnum):
    """What the values of a capability are, and so how they compare."""

    AMOUNT = "number"
    SIZE = "size"
    VERSION = "version"
    WORD = "word"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Capability:
    """`kind` of its values, and what it `means`, for the documentation."""

    kind: Kind
    means: str


KNOWN: dict[str, Capability] = {
    "arch": Capability(Kind.WORD, "processor architecture, such as x86_64 or arm64"),
    "browser.engine": Capability(Kind.WORD, "chromium, firefox or webkit"),
    "browser.version": Capability(Kind.VERSION, "the browser's version"),
    "browser.webgl": Capability(Kind.FLAG, "WebGL works"),
    "browser.webgpu": Capability(Kind.FLAG, "WebGPU works"),
    "browser.webnn": Capability(Kind.FLAG, "WebNN works"),
    "container": Capability(Kind.WORD, "the container engine, such as podman or docker"),
    "cpu": Capability(Kind.AMOUNT, "processors"),
    "gpu.compute": Capability(Kind.VERSION, "compute capability, such as 8.0"),
    "gpu.count": Capability(Kind.AMOUNT, "how many alike"),
    "gpu.driver": Capability(Kind.VERSION, "the driver's version"),
    "gpu.memory": Capability(Kind.SIZE, "memory of one"),
    "gpu.model": Capability(Kind.WORD, "such as a100"),
    "gpu.vendor": Capability(Kind.WORD, "such as nvidia or amd"),
    "kvm": Capability(Kind.FLAG, "hardware virtualisation works"),
    "memory": Capability(Kind.SIZE, "main memory"),
    "os": Capability(Kind.WORD, "operating system, such as linux"),
}
FAMILIES = frozenset(name.partition(".")[0] for name in KNOWN if "." in name) | {"device"}

DEVICE = r"device\.[a-z][a-z0-9_-]{0,39}"
WRITTEN: dict[Kind, str] = {
    Kind.AMOUNT: r"[0-9]{1,12}(?:\.[0-9]{1,6})?",
    Kind.SIZE: SIZE,
    Kind.VERSION: r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}",
    Kind.WORD: r"[A-Za-z0-9](?:[A-Za-z0-9 ._+/-]{0,98}[A-Za-z0-9+])?",
}
"""How a value of a kind looks when it is text."""
_DEVICE, _WORD, _VERSION, _AMOUNT = map(
    re.compile, (DEVICE, WRITTEN[Kind.WORD], WRITTEN[Kind.VERSION], WRITTEN[Kind.AMOUNT])
)


def kind_of(name: str, value: object) -> Kind:
    """The kind of the capability `name`. For a `device.…` it follows from the `value`.

    Raises `RefusedError` naming the nearest capability when there is none.
    """
    if name in KNOWN:
        return KNOWN[name].kind
    if _DEVICE.fullmatch(name):
        return _kind_of_device(value)
    near = get_close_matches(name, KNOWN, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KNOWN)}, and device.NAME for your own"
    raise RefusedError(f"{shown(name)} is not a capability", hint)


def _kind_of_device(value: object) -> Kind:
    if isinstance(value, bool):
        return Kind.FLAG
    if isinstance(value, (int, float)):
        return Kind.AMOUNT
    return Kind.WORD


def read(kind: Kind, value: object) -> Value:
    """The comparable form of a value. Raises `RefusedError` when it is not of its kind."""
    match kind:
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.SIZE:
            return parse_size(value)
        case Kind.AMOUNT:
            return _amount(value)
        case Kind.VERSION:
            return _version(value)
        case Kind.WORD if isinstance(value, str) and _WORD.fullmatch(value):
            return value.casefold()
    raise RefusedError(f"{shown(value)} is not a {kind}", f"write {_EXAMPLES[kind]}")


_EXAMPLES = {
    Kind.AMOUNT: "a number, such as 4",
    Kind.FLAG: "true or false",
    Kind.SIZE: "a size, such as 16GiB",
    Kind.VERSION: 'numbers and dots in quotation marks, such as "12.4"',
    Kind.WORD: "one word, in quotation marks if it looks like a number",
}


def _amount(value: object) -> float:
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1e12 and isfinite(value):
        return float(value)
    raise RefusedError(f"{shown(value)} is not a number", f"write {_EXAMPLES[Kind.AMOUNT]}")


def _version(value: object) -> Version:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _VERSION.fullmatch(text):
        return tuple(int(part) for part in text.split("."))
    # A float has already lost what was written: 3.10 is 3.1 by now.
    raise RefusedError(f"{shown(value)} is not a version", f"write {_EXAMPLES[Kind.VERSION]}")


def text_of(kind: Kind, value: Scalar) -> str:
    """A value as a message shows it."""
    if kind is Kind.FLAG:
        return "true" if value else "false"
    if kind is Kind.SIZE and isinstance(value, int):
        return format_size(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
