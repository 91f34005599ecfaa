"""A plain value, and the places of its parts, from a YAML parser's events, on a stack of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from ci_orchestrator.capabilities.units import shown
from ci_orchestrator.errors import PlanError, Where

MAX_DEPTH = 32
MAX_VALUES = 500_000

Step = str | int
Path = tuple[Step, ...]

_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_LONG = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(slots=True)
class Document:
    """The value that was written, and the place of each `keys` and `values` by its path."""

    file: str
    value: object = None
    keys: dict[Path, Where] = field(default_factory=dict)
    values: dict[Path, Where] = field(default_factory=dict)

    def place(self, path: Path, *, key: bool = False) -> Where:
        """Where `path` stands, or else the nearest thing around it."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        around = (path[:length] for length in range(len(path) - 1, -1, -1))
        places = (first.get(outer) or second.get(outer) for outer in around)
        return first.get(path) or next(filter(None, places), Where(self.file, 1, 1))


@dataclass(slots=True)
class _Frame:
    """A collection that is being filled. `key`: what the next value of a mapping belongs to; None when a key is due."""

    path: Path
    into: dict[str, object] | list[object]
    key: str | None = None
    doubled: bool = False


@dataclass(slots=True)
class Builder:
    """Builds a `Document`; `problems` are what is refused, in the order in which it was met."""

    document: Document
    problems: list[PlanError] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0

    def feed(self, event: yaml.Event) -> None:
        """Take the next event. Raises `PlanError` where going on would make no sense."""
        match event:
            case yaml.DocumentStartEvent():
                self._start(event)
            case yaml.AliasEvent():
                self._note(
                    event, f"the alias {shown(event.anchor)} is not allowed", "write the value out; see `defaults`"
                )
                self._put(event, None)
            case yaml.ScalarEvent():
                self._plainly(event, event.tag)
                self._put(event, self._scalar(event))
            case yaml.CollectionStartEvent():
                self._plainly(event, event.tag)
                self._open(event)
            case yaml.CollectionEndEvent():
                self.stack.pop()

    def _start(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._problem(event, "a second document begins", "keep one plan in a file; remove the line `---`")
        if event.version or event.tags:
            self._note(event, "a YAML directive is not allowed", "remove the line that begins with %")

    def _plainly(self, event: yaml.NodeEvent, tag: str | None) -> None:
        if event.anchor is not None:
            self._note(event, f"the anchor {shown(event.anchor)} is not allowed", "remove it; see `defaults`")
        if tag is not None:
            self._note(event, f"the tag {shown(tag)} is not allowed", "remove it")

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        text = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _LONG.fullmatch(text):
            self._note(event, f"the number {shown(text)} is too long", "write it in quotation marks if it is text")
            return 0
        return float(text) if _FLOAT.fullmatch(text) else text

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise self._problem(event, f"nested deeper than {MAX_DEPTH} levels", "no plan needs that: flatten it")
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.into, dict) and frame.key is None:
            raise self._problem(event, "a key is a list or a mapping", "write a text as key")
        into: dict[str, object] | list[object] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Frame(self._put(event, into), into))

    def _put(self, event: yaml.NodeEvent, value: object) -> Path:
        """Store a value where it belongs, and return its path."""
        if len(self.document.values) >= MAX_VALUES:
            raise self._problem(event, f"more than {MAX_VALUES} values", "divide the plan")
        frame = self.stack[-1] if self.stack else None
        if frame is None:
            self.document.value = value
            path: Path = ()
        elif isinstance(frame.into, list):
            path = (*frame.path, len(frame.into))
            frame.into.append(value)
        elif frame.key is None:
            return self._key(frame, event, value)
        else:
            path = (*frame.path, frame.key)
            if not frame.doubled:
                frame.into[frame.key] = value
            frame.key = None
        self.document.values.setdefault(path, self._where(event))
        return path

    def _key(self, frame: _Frame, event: yaml.NodeEvent, value: object) -> Path:
        if not isinstance(value, str):
            text = event.value if isinstance(event, yaml.ScalarEvent) else "of an alias"
            self._note(event, f"the key {shown(text)} is not text", "write it in quotation marks")
            value = text
        frame.key = value
        path = (*frame.path, value)
        first = self.document.keys.setdefault(path, self._where(event))
        frame.doubled = isinstance(frame.into, dict) and value in frame.into
        if frame.doubled:
            self._note(event, f"the key {shown(value)} is written twice, first at {first}", "keep one of them")
        return path

    def _where(self, event: yaml.Event) -> Where:
        mark = event.start_mark
        return Where(self.document.file, mark.line + 1, mark.column + 1) if mark else Where(self.document.file)

    def _problem(self, event: yaml.Event, what: str, fix: str) -> PlanError:
        return PlanError(what, fix=fix, where=self._where(event))

    def _note(self, event: yaml.Event, what: str, fix: str) -> None:
        self.problems.append(self._problem(event, what, fix))
