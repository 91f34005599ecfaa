"""What a plan says of places outside, held against what is installed and known here: the plan's room cannot."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ci_orchestrator import plugins
from ci_orchestrator.capabilities.units import shown
from ci_orchestrator.history.blobs import BACKENDS
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.memory_place import parts
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.providers.remotes import told_place

_EXAMPLES = {
    "azure": "azure=https://dev.azure.com/shop/Web/_git/web",
    "github": "github=https://github.example.com/shop/web",
    "gitlab": "gitlab=https://gitlab.example.com/shop/backend/web",
}


def findings(plan: Plan) -> Iterator[Finding]:
    """A memory that nothing is registered for, and a forge whose address leads to no repository."""
    scheme, _ = parts(plan.pipeline.memory or "")
    if scheme and scheme not in BACKENDS:  # asking what is installed takes time
        known = [name for name in plugins.names("blobs", BACKENDS) if name != "memory"]
        if scheme not in known:
            near = get_close_matches(scheme, known, n=1)
            fix = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(known)}; or the path of a folder"
            yield Finding(("pipeline", "memory"), f"nothing keeps a memory at {shown(scheme + ':')}", fix)
    if plan.pipeline.forge and told_place(plan.pipeline.forge) is None:
        kind = plan.pipeline.forge.partition("=")[0]
        yield Finding(
            ("pipeline", "forge"),
            f"{shown(plan.pipeline.forge)} leads to no repository of {kind}",
            f"write it like {_EXAMPLES[kind]}",
        )
