"""A section in a user's own words: a Jinja2 template (extra ``templates``), in a sandbox that is smaller than Jinja2's.

A template may look at values, loop, choose and use our filters. There are no calls, assignments, macros and imports, so
it cannot build up anything, and every step of a loop or filter is counted: however it is written, it ends soon.

Whatever text it prints is inert code; only its own words, numbers and what our filters made of a value are markdown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_orchestrator.errors import MissingPartError, UserError
from ci_orchestrator.report.markdown import code, link
from ci_orchestrator.report.wording import count, moment, percent, points, seconds

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.runtime import Context
    from jinja2.sandbox import SandboxedEnvironment

LENGTH_LIMIT = 10_000
"""Characters of a template."""

STEP_LIMIT = 100_000
"""Steps of all loops and filters together: well under a second."""

OUTPUT_LIMIT = 60_000
"""Characters that a template may write."""

_NUMBER_LIMIT = 1e15
_ALLOWED = frozenset(
    {"Template", "Output", "TemplateData", "For", "If", "CondExpr", "Name", "Const", "Tuple", "Getattr", "Getitem"}
    | {"Slice", "Filter", "Test", "Compare", "Operand", "And", "Or", "Not", "Add", "Sub", "Mul", "Div", "Neg", "Pos"}
)
"""The parts of Jinja2's language (the nodes of its syntax tree) that a template may use."""

_CLASS = re.compile(r"'[\w.]+ object'|'[\w.]+' object")
_WORDS = {
    "Assign": "assignments",
    "AssignBlock": "assignments",
    "Call": "calls",
    "Concat": "joining of texts (~)",
    "For": "recursive loops",
    "FromImport": "imports",
    "Import": "imports",
    "Include": "includes",
    "List": "lists of its own",
    "Macro": "macros",
    "Mod": "%",
    "Pow": "powers",
}
"""What users of the language call other parts."""


class Markdown(str):
    """A text that is markdown already: it is printed as it is."""

    __slots__ = ()


def render_template(text: str, values: Mapping[str, object]) -> str:
    """What a template makes of `values`, without space around it.

    Raises `UserError` when it cannot be read, does what no template may, fails, or goes on for too long, and
    `MissingPartError` when Jinja2 is not installed.
    """
    if len(text) > LENGTH_LIMIT:
        raise UserError(f"it is longer than {count(LENGTH_LIMIT)} characters")
    steps = _Steps()
    try:
        environment = _environment(steps)
        tree = _checked(environment.parse(text))
        template = environment.from_string(tree)
        return "".join(_bounded(template.generate(dict(values)))).strip()
    except UserError:
        raise
    except Exception as error:  # whatever a user's template does, it does not cost the comment
        raise UserError(_said(error)) from error


def _said(error: Exception) -> str:
    """What went wrong, without the names of our classes, which say nothing to who wrote the template."""
    return _CLASS.sub("a value", str(error)) or "it fails"


def _environment(steps: _Steps) -> SandboxedEnvironment:
    try:
        from jinja2 import StrictUndefined  # noqa: PLC0415 - an extra, loaded when used
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415
    except ImportError:
        raise MissingPartError("Jinja2 is not installed", fix="pip install 'ci-orchestrator[templates]'") from None

    class Environment(SandboxedEnvironment):
        """Sums and differences of numbers only, so that no text grows."""

        intercepted_binops = frozenset({"+", "-", "*", "/"})

        def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
            if not (_small(left) and _small(right)):
                raise TypeError(f"{operator} is for numbers")
            return self.binop_table[operator](left, right)

    def finalize(value: object) -> str:
        return str(value) if isinstance(value, StrictUndefined) else _shown(value)  # str() raises, and says its name

    made = Environment(autoescape=False, optimized=False, undefined=StrictUndefined, finalize=finalize)
    made.globals.clear()
    made.filters = {name: steps.counting(function) for name, function in FILTERS.items()} | {"counted": steps.counted}
    return made


def _checked(tree: nodes.Template) -> nodes.Template:
    """The same, with every loop counted. Raises `UserError` for what no template may do."""
    from jinja2 import nodes  # noqa: PLC0415 - as above

    for node in _all(tree):
        kind = type(node).__name__
        if kind not in _ALLOWED or (isinstance(node, nodes.For) and node.recursive):
            raise UserError(f"line {node.lineno}: a template has no {_WORDS.get(kind, kind.lower())}")
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
    return tree


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _all(child)


def _bounded(pieces: Iterable[str]) -> Iterator[str]:
    left = OUTPUT_LIMIT
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise UserError(f"it writes more than {count(OUTPUT_LIMIT)} characters")
        yield piece


@dataclass(slots=True)
class _Steps:
    """How much a template did."""

    done: int = 0

    def spend(self, steps: int) -> None:
        """Raises `UserError` when it was too much."""
        self.done += steps
        if self.done > STEP_LIMIT:
            raise UserError(f"it takes more than {count(STEP_LIMIT)} steps")

    def counted(self, values: Iterable[object]) -> Iterator[object]:
        """The same values."""
        for value in values:
            self.spend(1)
            yield value

    def counting(self, function: Callable[..., object]) -> Callable[..., object]:
        """The same filter."""

        def filtered(value: object, *more: object) -> object:
            self.spend(1 + _size(value))
            return function(value, *more)

        return filtered


def _size(value: object) -> int:
    """How much there is to go through; the characters of a text are cheap."""
    if isinstance(value, str):
        return len(value) // 100
    return len(value) if isinstance(value, Sized) else 0


def _small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < _NUMBER_LIMIT


def _shown(value: object) -> str:
    """How a value is printed. Raises TypeError for what has no one text."""
    if isinstance(value, Markdown):
        return str(value)
    if isinstance(value, str):
        return code(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"
    raise TypeError("a value that has fields, or is a list, cannot be shown: say which of them")


def _joined(values: Iterable[object], between: str = ", ") -> Markdown:
    """Each value as it is printed; `between` are the template's own words."""
    return Markdown(str(between).join(map(_shown, values)))


FILTERS: Mapping[str, Callable[..., object]] = {
    "code": lambda text, limit=300: Markdown(code(str(text), int(limit))),
    "count": lambda number: Markdown(count(int(number))),
    "default": lambda value, other: value or other,
    "join": _joined,
    "length": len,
    "link": lambda address, label: Markdown(link(code(label), str(address))),
    "moment": lambda timestamp: Markdown(moment(timestamp)),
    "percent": lambda share: Markdown(percent(share)),
    "points": lambda change: Markdown(points(change)),
    "seconds": lambda value: Markdown(seconds(value)),
}
"""What a template may do with a value; the words are those of the built-in sections."""
