"""The door of a plan file: text to `Plan`, or every mistake with its line, column, value and remedy.

Three passes, each reporting all it finds: the YAML itself, then each field, then how the parts fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import ValidationError

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.builder import Document, Path
from ci_orchestrator.plan.checks import findings
from ci_orchestrator.plan.checks_end import end_findings
from ci_orchestrator.plan.document import MAX_BYTES, read_document, together
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.messages import field_name, own_path, problem
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.shape import KEY_NAMED

__all__ = ["MAX_BYTES", "PLAN_FILE", "load_plan"]

PLAN_FILE = "testplan.yaml"
"""What a plan is called unless it is said."""


def load_plan(
    text: bytes | str, file: str = PLAN_FILE, *, also: Callable[[Plan], Iterable[Finding]] = lambda _: ()
) -> Plan:
    """The plan that `text` says; `file` is its name in messages. Reads nothing else. `also`: what does not fit, of a
    plan that is valid, by what this room cannot know, such as what is installed.

    Raises `PlanError`, whose `problems` are in file order.
    """
    document = read_document(text, file)
    problems = _refuse_names(document)
    try:
        plan = Plan.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _is_name(detail["loc"])]
        raise together(problems + [problem(detail, document) for detail in details]) from None
    problems += _misfits((*findings(plan), *end_findings(plan), *also(plan)), document)
    if problems:
        raise together(problems)
    return plan


def _is_name(path: Path) -> bool:
    """Whether a path is the name that a suite or runner class has from its key (whose own mistakes are told there)."""
    return len(path) == 3 and path[0] in ("suites", "runners") and path[2] == KEY_NAMED


def _misfits(found: Iterable[Finding], document: Document) -> list[PlanError]:
    problems = []
    for finding in found:
        path = own_path(finding.path, document)
        where = document.place(path, key=finding.key)
        problems.append(PlanError(f"{field_name(path)}: {finding.what}", fix=finding.fix, where=where))
    return problems


def _refuse_names(document: Document) -> list[PlanError]:
    """A suite or runner class is named by its key: take a `name` field out, and say so."""
    problems = []
    for path in filter(_is_name, list(document.keys)):
        section, key, _ = path
        part = document.value[section][key] if isinstance(document.value, dict) else {}
        del part[KEY_NAMED]
        fix, where = "remove it: the key is the name", document.place(path, key=True)
        problems.append(PlanError(f"{field_name(path[:-1])}: `name` is not a known field", fix=fix, where=where))
    return problems
