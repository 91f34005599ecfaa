"""Starter plans for common cases, as `init` writes them."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files

from ci_orchestrator.errors import UserError

CASES = {
    "browsers": "end-to-end tests on runners with a browser",
    "canary": "a suite in growing parts, with a gate after each",
    "gpu": "unit tests on plain runners, kernels on GPU runners",
    "kvm": "boot tests on runners with KVM",
    "monorepo": "Python, Go and JavaScript in one repository",
    "pytest": "one suite of pytest",
}


def template(case: str) -> str:
    """The text of a starter plan. Raises `UserError` naming the cases there are."""
    if case not in CASES:
        near = get_close_matches(case, CASES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"templates: {', '.join(sorted(CASES))}"
        raise UserError(f"there is no template {case!r}", fix=hint)
    return (files("ci_orchestrator") / "templates" / "plans" / f"{case}.yaml").read_text(encoding="utf-8")
