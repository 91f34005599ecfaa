"""What happened that a job of GitHub Actions runs: the payload of its event, read as what it is, a stranger's text.

Source: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows and
https://docs.github.com/webhooks/webhook-events-and-payloads. Nothing here raises: what has not the shape that is
documented is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LARGEST = 32 * 1024 * 1024
"""Bytes of a payload that are read. GitHub caps webhooks at 25 MB."""
EVENTS: Mapping[str, str] = {
    "push": "push",
    "merge_group": "push",
    "pull_request": "change",
    "pull_request_target": "change",
    "pull_request_review": "change",
    "schedule": "schedule",
    "workflow_dispatch": "manual",
    "repository_dispatch": "manual",
}
"""Why a build runs, in the words of `Context.event`."""
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request as an event tells it. `number`: 0 when it is not known. `branch`: ``owner:branch`` of a fork."""

    number: int = 0
    head: str = ""
    branch: str = ""
    base: str = ""
    fork: bool = True


def read(path: str) -> object:
    """The payload in a file; None when there is none, or none that can be read."""
    try:
        file = Path(path)
        if not path or file.stat().st_size > LARGEST:
            return None
        value: object = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value


def proposal(payload: object) -> Proposal:
    """What a payload with a ``pull_request`` proposes. One whose repository is gone is from a fork, too."""
    head, base = ("pull_request", "head"), ("pull_request", "base")
    ours, theirs = at(payload, *base, "repo", "full_name"), at(payload, *head, "repo", "full_name")
    fork = not text(theirs) or text(theirs).lower() != text(ours).lower()
    return Proposal(
        number=number(at(payload, "pull_request", "number")) or number(at(payload, "number")),
        head=revision(at(payload, *head, "sha")),
        branch=_branch(at(payload, *head, "ref"), at(payload, *head, "repo", "owner", "login"), fork=fork),
        base=text(at(payload, *base, "ref")),
        fork=fork,
    )


def finished_run(payload: object) -> Proposal:
    """What the run proposes that a ``workflow_run`` event tells of. GitHub names no pull request of a fork there."""
    run = ("workflow_run",)
    ours, theirs = at(payload, *run, "repository", "full_name"), at(payload, *run, "head_repository", "full_name")
    fork = not text(theirs) or text(theirs).lower() != text(ours).lower()
    head = revision(at(payload, *run, "head_sha"))
    changes = at(payload, *run, "pull_requests")
    listed = changes if isinstance(changes, list) else []
    told = [one for one in listed if head and revision(at(one, "head", "sha")) == head]
    only = told[0] if len(told) == 1 and not fork else None
    return Proposal(
        number=number(at(only, "number")),
        head=head,
        branch=_branch(
            at(payload, *run, "head_branch"), at(payload, *run, "head_repository", "owner", "login"), fork=fork
        ),
        base=text(at(only, "base", "ref")),
        fork=fork,
    )


def at(value: object, *keys: str) -> object:
    """What stands at a path of names; None where it does not go on."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object) -> str:
    """A text of one line, as long as names are; otherwise nothing."""
    return value if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() else ""


def revision(value: object) -> str:
    """The full name of a commit; otherwise nothing."""
    return value if isinstance(value, str) and _REVISION.fullmatch(value) else ""


def number(value: object) -> int:
    """The number of something at GitHub; otherwise 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0


def _branch(ref: object, owner: object, *, fork: bool) -> str:
    return f"{text(owner)}:{text(ref)}" if fork and text(owner) and text(ref) else text(ref)
