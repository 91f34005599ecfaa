"""Check Azure pipelines with Microsoft's own language service, the editor's (azure-pipelines-language-service 0.9.2).

It knows tasks, their inputs, and values from a list, by the schema that check-jsonschema ships; no runner exists that
could execute them. It does not look at what `dependsOn` names, so we do, as the server would: unknown, in a circle, or
named twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from engine_tools import ENGINES, EngineError, debian_tool, node_package, run_tool
from parts import need


def check(*paths: Path) -> list[str]:
    """Findings of the language service, errors and warnings alike, and of `dependsOn`, one line each."""
    node_package("azure-pipelines-language-service")
    files = [path.resolve() for path in paths]
    command = [debian_tool("node", "nodejs"), ENGINES / "azure" / "check.cjs", _schema(), *files]
    output = run_tool(command, cwd=ENGINES, timeout=60)
    if output.code:
        raise EngineError(f"the Azure language service broke down:\n{output.text[-4000:]}")
    report = json.loads(output.out)
    return [line for path in files for line in [*_diagnostics(path, report[str(path)]), *_dependencies(path)]]


def _schema() -> Path:
    found = find_spec("check_jsonschema")
    need(found and found.origin, "check-jsonschema is missing: pip install check-jsonschema")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "builtin_schemas" / "vendor" / "azure-pipelines.json"


def _diagnostics(path: Path, found: list[dict[str, Any]]) -> list[str]:
    return [f"{path.name}:{each['line']}:{each['column']}: {each['severity']}: {each['message']}" for each in found]


def _dependencies(path: Path) -> list[str]:
    """What the server would say of `dependsOn`, of stages, and of jobs within each stage."""
    pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))
    stages = _named("stage", pipeline.get("stages"))
    graphs = [stages, *(_named("job", stage.get("jobs")) for _, stage in stages), _named("job", pipeline.get("jobs"))]
    return [f"{path.name}: error: {finding}" for graph in graphs for finding in _graph_findings(graph)]


Named = list[tuple[str, Mapping[str, Any]]]


def _named(kind: str, entries: object) -> Named:
    """Named entries of a list; templates and `${{ each }}` blocks have no name here."""
    return (
        [(str(each[kind]), each) for each in entries if isinstance(each, dict) and kind in each]
        if isinstance(entries, list)
        else []
    )


def _graph_findings(entries: Named) -> list[str]:
    names = [name for name, _ in entries]
    graph = {name: _depends_on(entry) for name, entry in entries}
    twice = [f"{name} is named twice" for name in sorted({name for name in names if names.count(name) > 1})]
    unknown = [
        f"{name} depends on {other}, which is not there"
        for name, on in graph.items()
        for other in on
        if other not in graph
    ]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [*twice, *unknown, f"dependsOn goes in a circle: {' -> '.join(error.args[1])}"]
    return [*twice, *unknown]


def _depends_on(entry: Mapping[str, Any]) -> list[str]:
    on = entry.get("dependsOn") or []
    return [on] if isinstance(on, str) else [str(each) for each in on]
