"""Other people's actions, each pinned by the commit of a release; the comment beside it says which. And images."""

from __future__ import annotations

from ci_orchestrator.providers.yaml import Note

OURS = "org/dtf-action@v1"
"""Our own action. A release that knows the commit it will be puts that here; `v1` moves with our releases."""
COLLECT = "action/collect"
"""Where in our action's repository the one is that fetches artifacts by their names."""

_UNPINNED = "zizmor: ignore[unpinned-uses] v1 moves with our own releases"
_PINS = {
    "actions/cache": ("27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/setup-go": ("b7ad1dad31e06c5925ef5d2fc7ad053ef454303e", "v7.0.0"),
    "actions/setup-java": ("b6effb05e454b25005698d916606bdc6ffcbf961", "v5.7.0"),
    "actions/setup-node": ("820762786026740c76f36085b0efc47a31fe5020", "v7.0.0"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
}


def pinned(action: str, remark: str = "") -> Note:
    """What ``uses:`` says for `action`: one of the table, or a path below one, such as actions/cache/save."""
    commit, version = _PINS["/".join(action.split("/")[:2])]
    return Note(f"{action}@{commit}", beside=f"{version}  # {remark}" if remark else version)


def image(name: str) -> Note:
    """An image of the plan, as it stands there: whether it is pinned is the plan's choice."""
    return Note(name, beside="" if "@sha256:" in name else "zizmor: ignore[unpinned-images] as in the plan")


def ours(below: str = "") -> Note:
    """What ``uses:`` says for our own action, or for another one `below` it."""
    action, _, version = OURS.partition("@")
    name = f"{action}/{below}@{version}" if below else OURS
    return Note(name, beside=_UNPINNED if version == "v1" else "")
