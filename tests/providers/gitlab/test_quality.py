"""What GitLab shows at the lines of a change: a file of the report job, for which it needs no token."""

from __future__ import annotations

import json
from pathlib import Path

from ci_orchestrator.providers.base import Finding
from ci_orchestrator.providers.gitlab import quality
from ci_orchestrator.providers.gitlab.context import QUALITY, GitlabCi
from ci_orchestrator.providers.online import Annotation


def annotation(line: int = 3, message: str = "it is red", path: str = "tests/test_a.py") -> Annotation:
    return Annotation(path=path, line=line, title="test_a", message=message)


def test_a_finding_is_the_same_wherever_its_line_moves_to() -> None:
    def prints(*found: Annotation) -> list[str]:
        return [entry["fingerprint"] for entry in json.loads(quality.report(found))]

    assert prints(annotation(3)) == prints(annotation(300)) == prints(annotation(path="./tests/test_a.py"))
    assert len(set(prints(annotation(1), annotation(2), annotation(message="other"), annotation(path="b")))) == 4


def test_a_finding_may_have_any_text() -> None:
    odd = annotation(line=0, message="a\nb\t\ud800 é" + "x" * 5000)
    (entry,) = json.loads(quality.report([odd]))
    assert entry["location"]["lines"]["begin"] == 1
    assert len(entry["description"]) == quality.LONGEST
    assert "\n" not in entry["description"]


def test_findings_are_left_for_the_report_job_at_their_place_in_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "a b"
    ci = GitlabCi.read({"CI_PROJECT_DIR": str(tmp_path)}, root)
    ci.point_out(
        [
            Finding(kind="error", title="failed: test_a", message="it is red", file="tests/test_a.py", line=3),
            Finding(kind="warning", title="flaky: test_b", message="once", file="tests/test_b.py"),
            Finding(kind="error", title="not proven: test_c", message="its worker was lost"),
        ]
    )
    file = root / ".ci-orchestrator/report" / QUALITY
    first, second = json.loads(file.read_text("ascii"))
    assert first.pop("fingerprint")
    assert first == {
        "check_name": "ci-orchestrator",
        "description": "failed: test_a: it is red",
        "severity": "major",
        "location": {"path": "a b/tests/test_a.py", "lines": {"begin": 3}},
    }
    assert (second["severity"], second["location"]["lines"]) == ("minor", {"begin": 1})
    ci.point_out([])
    assert file.read_text() == "[]\n", "GitLab looks for the file, and compares it with the base's"
