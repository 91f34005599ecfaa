"""One comment on a change that is kept up to date, however many builds and jobs write it, even at once.

It is ours when whoever we are wrote it and its first line is the marker: somebody else's copy of the marker is only
text. No forge can create a comment on condition that there is none, so two jobs that find none both create one. Each
looks again afterwards, and then all do the same: the oldest comment stays, with the text of the newest, and the others
are deleted. Whichever of the jobs dies on the way, the others, or the next build, finish it.
"""

from __future__ import annotations

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.online import Comment, Forge

ROUNDS = 5
"""How often it is begun again when somebody deletes the comment in the meantime."""


def post(forge: Forge, change: int, marker: str, body: str, *, create: bool = True) -> Comment | None:
    """Make `body`, below the line `marker`, our one comment on a change. None when it was that already.

    `marker` is a line that readers do not see, with what tells several such comments apart. `create`: also when there
    is none yet; otherwise only what was said before is brought up to date. Raises `ProviderError`.
    """
    if not marker.strip() or "\n" in marker:
        raise ValueError(f"a marker is a line: {marker!r}")
    text = body if _has(body, marker) else f"{marker}\n{body}"
    wrote = False
    for _ in range(ROUNDS):
        found = _ours(forge, change, marker)
        if len(found) == 1 and _same(found[0].body, text):
            return found[0] if wrote else None
        if not found and not create and not wrote:
            return None
        if not found:
            found = _created(forge, change, marker, text)
            text = found[-1].body if found else text
        kept = _settled(forge, change, marker, found, text) if found else None
        if kept is not None:
            return kept
        wrote = True
    raise ProviderError(
        f"the comment on change {change} of {forge.name} was deleted {ROUNDS} times while it was being written",
        fix="see whether something else deletes comments of this account there",
    )


def _created(forge: Forge, change: int, marker: str, text: str) -> list[Comment]:
    """All of ours once there is a new one with `text`."""
    try:
        mine = forge.create_comment(change, text)
    except ProviderError as error:
        mine = _standing(forge, change, marker, text, error)
    found = _ours(forge, change, marker)
    if all(one.id != mine.id for one in found):
        # Another job has settled already and deleted it, or the forge's list lags behind: only asking for it tells.
        there = forge.update_comment(change, mine, text)
        found = sorted([*found, there], key=lambda one: one.id) if there is not None else found
    return found


def _settled(forge: Forge, change: int, marker: str, found: list[Comment], text: str) -> Comment | None:
    """The oldest of `found`, with `text`; the others are deleted. None, and nothing deleted, when it is gone."""
    oldest, *others = found
    kept: Comment | None = oldest
    if not _same(oldest.body, text):
        try:
            kept = forge.update_comment(change, oldest, text)
        except ProviderError as error:
            kept = _standing(forge, change, marker, text, error)
    for other in others if kept is not None else ():
        forge.delete_comment(change, other)
    return kept


def _standing(forge: Forge, change: int, marker: str, text: str, error: ProviderError) -> Comment:
    """Our comment that says `text` although writing it ended in `error`: an answer got lost, and nothing is sent twice.

    Raises `error` when there is none, or the forge does not answer.
    """
    try:
        there = [one for one in _ours(forge, change, marker) if _same(one.body, text)]
    except ProviderError:
        raise error from None
    if not there:
        raise error
    return there[0]


def _ours(forge: Forge, change: int, marker: str) -> list[Comment]:
    found = [one for one in forge.comments(change) if one.ours and _has(one.body, marker)]
    return sorted(found, key=lambda comment: comment.id)


def _has(body: str, marker: str) -> bool:
    return body.lstrip().split("\n", 1)[0].strip() == marker.strip()


def _same(first: str, second: str) -> bool:
    """Whether two texts are one: forges change the ends of lines, and drop space around the whole."""
    return first.replace("\r\n", "\n").strip() == second.replace("\r\n", "\n").strip()
