"""The charts of a comment as images that the forge keeps; where it does not, the comment draws them in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.providers.online import Ability, Forge
from ci_orchestrator.report.comment import images_shown
from ci_orchestrator.report.comment.options import CommentOptions
from ci_orchestrator.report.escape import web_address
from ci_orchestrator.results.report import Report


@dataclass(frozen=True, slots=True)
class Attached:
    """`images`: address by file of a chart, see `CommentOptions`. `why`: there are none although they were wanted."""

    images: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def attach(
    report: Report, options: CommentOptions, charts: Mapping[str, Path], forge: Forge, change: int, *, asked: bool
) -> Attached:
    """Have the forge keep what the comment will show of `charts`, all of it or none: a comment never mixes the two.

    `asked`: the plan asks for images, and so it is said why there are none. An image is never worth a failed report.
    """
    if Ability.ATTACH not in forge.abilities:
        return Attached(why=f"no images: {forge.name} keeps none for this token" if asked else "")
    if not charts:
        return Attached(why="no images: pip install 'ci-orchestrator[charts]' to have them drawn" if asked else "")
    images: dict[str, str] = {}
    for name in images_shown(report, options, charts):
        try:
            address = forge.attach(change, name, charts[name].read_bytes())
        except (ProviderError, OSError) as error:
            return Attached(why=f"no images: {error}")
        if not web_address(address):
            return Attached(why=f"no images: {forge.name} keeps {name} where no comment can show it" if asked else "")
        images[name] = address
    return Attached(images)


def wanted(plan: Plan | None, report: Report, forge: Forge) -> bool:
    """Whether the forge shall keep images: as the plan says, else when nobody hosts them and it takes no further
    permission.
    """
    asked = plan.report.comment.images if plan else None
    return not (report.links.images or Ability.COMMITS in forge.abilities) if asked is None else asked
