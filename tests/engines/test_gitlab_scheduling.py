"""Which job starts next: GitLab's rule, in the place of the engine's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_tools import EngineError
from engines.gitlab.program import corrected
from gitlab_engine import execute

PIPELINE = r"""
stages: [one, two, three]
red: {stage: one, script: [exit 1]}
green: {stage: one, script: ["true"]}
decides: {stage: two, when: always, needs: [red, green], script: ["true"]}
starts: {stage: two, needs: [decides], script: ["true"]}
withheld: {stage: two, needs: [red], script: [echo never]}
after withheld: {stage: two, when: always, needs: [withheld], script: ["true"]}
reacts: {stage: two, when: on_failure, needs: [red, green], script: ["true"]}
skipped beats failed: {stage: two, when: on_failure, needs: [red, withheld], script: [echo never]}
last: {stage: three, when: always, script: ['echo "`touch printed`" && rm printed']}
"""


def test_jobs_start_by_what_they_wait_for_themselves(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(PIPELINE, encoding="utf-8")
    assert execute(tmp_path).status() == {
        "red": "failed",
        "green": "success",
        "decides": "success",
        "starts": "success",
        "withheld": "skipped",
        "after withheld": "success",
        "reacts": "success",
        "skipped beats failed": "skipped",
        "last": "success",
    }


def test_another_version_of_the_engine_is_not_corrected_by_guess(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.js").write_text("class B1 {}", encoding="utf-8")
    with pytest.raises(EngineError, match="version"):
        corrected(tmp_path, tmp_path / "copy")
