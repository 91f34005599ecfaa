from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from parts import PROJECT

import ci_orchestrator

PAGE = PROJECT / "docs" / "reference" / "api.md"
BLOCK = re.compile(r"^```python(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

EXPORTED = """
    Against Attempt Cause Certificate ExitCode Gated JobRun Links Lock Observer OrchestratorError Outcome Plan Planned
    Project Report Reported TestResult Totals Verdict __version__
    explain gate_stage load_plan plan_project report_files resume_project run_job run_project
"""


def test_the_public_api_changes_only_on_purpose() -> None:
    assert sorted(ci_orchestrator.__all__) == sorted(EXPORTED.split())


def test_every_name_can_be_had_and_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ci_orchestrator.__all__:
        exported = getattr(ci_orchestrator, name)
        if name != "__version__":
            assert exported.__doc__, name
            if name[0].islower():
                assert f"`{name}(" in page, f"{name} is not on the page"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ci_orchestrator.nonsense


def test_importing_costs_nothing() -> None:
    code = "import sys, ci_orchestrator; print(sorted(set(sys.modules) & {'pydantic', 'yaml', 'psutil', 'rich'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_of_the_page_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    page = PAGE.read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "api_page"}
    for block in BLOCK.finditer(page):
        file, code = block.groups()
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(code)
        else:
            line = page.count("\n", 0, block.start()) + 1
            exec(compile("\n" * line + code, str(PAGE), "exec"), names)
