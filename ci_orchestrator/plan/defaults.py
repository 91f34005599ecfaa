"""Fold `defaults:` under each suite, and name suites, runner classes and gates by their keys, before validation."""

from __future__ import annotations

from collections.abc import Mapping

MERGED = frozenset({"env"})  # mappings where a suite adds to the default; every other field replaces it
FOREIGN = {  # by tool: defaults that are meant for suites of other tools
    "command": frozenset({"args", "python"}),
    **dict.fromkeys(("go", "jest", "playwright", "vitest"), frozenset({"python"})),
}


def fold(document: Mapping[str, object]) -> dict[str, object]:
    """The plan's raw mapping with complete suites. What is not a mapping is left for validation to refuse."""
    folded = dict(document)
    suites, defaults = document.get("suites"), document.get("defaults")
    if isinstance(suites, Mapping):
        under = defaults if isinstance(defaults, Mapping) else {}
        folded["suites"] = {key: _named(_under(suite, under), key) for key, suite in suites.items()}
    for part in ("runners", "gates"):
        named = document.get(part)
        if isinstance(named, Mapping):
            folded[part] = {key: _named(raw, key) for key, raw in named.items()}
    return folded


def _under(suite: object, defaults: Mapping[str, object]) -> object:
    if not isinstance(suite, Mapping):
        return suite
    foreign = FOREIGN.get(str(suite.get("tool", defaults.get("tool"))), frozenset())
    usable = {key: value for key, value in defaults.items() if key not in foreign}
    merged = {
        key: {**above, **own}
        for key in sorted(MERGED)
        if isinstance(above := defaults.get(key), Mapping) and isinstance(own := suite.get(key), Mapping)
    }
    return {**usable, **suite, **merged}


def _named(raw: object, key: str) -> object:
    return {"name": key, **raw} if isinstance(raw, Mapping) else raw
