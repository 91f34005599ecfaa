"""The gate command's use case, and the report over what gates decided: from bundles on disk, no test is run."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from canaries import PLAN, RED, canary_lock, gate_event, job_log, leave, outcomes_of, project_with
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.api.gating import Gated, gate_stage
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.api.telling import summarise
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ExitCode, LockError, UserError
from ci_orchestrator.plan.lock import encode, seal
from ci_orchestrator.providers.base import Finding
from ci_orchestrator.providers.github.context import GithubCi
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Outcome, Verdict
from ci_orchestrator.run.bundle import damaged, read_events, read_manifest

LOCK = canary_lock()
ONE, TWO = "live_50_1of2", "live_50_2of2"


@dataclass
class Listener:
    """A provider that keeps what it is told."""

    attempt: int | None = None
    name: str = "listener"
    values: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    def publish(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def summarise(self, markdown: str) -> None:
        self.shown.append(markdown)

    def point_out(self, findings: object) -> None:
        self.found = list(findings)  # type: ignore[call-overload]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_with(tmp_path, LOCK)


def bundles(project: Project) -> Path:
    return project.place / "bundles"


def run(project: Project, job: str, bad: int = 0, outcome: Outcome = RED, *, attempt: int = 1) -> Path:
    """The job has run, so many of its tests not well."""
    log = job_log(LOCK, job, outcomes_of(LOCK, job, bad, outcome), attempt=attempt)
    return leave(bundles(project), LOCK, log)


def gate(project: Project, stage: str = "live-50", **more: object) -> Gated:
    return gate_stage(project, stage, clock=FakeClock(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "outcome", "verdict", "code", "errors"),
    [
        (0, RED, Verdict.PROCEED, ExitCode.OK, 0),
        (1, RED, Verdict.PROCEED, ExitCode.OK, 2),
        (3, RED, Verdict.HOLD, ExitCode.GATE_HOLDS, 6),
        (6, RED, Verdict.ROLLBACK, ExitCode.GATE_FAILED, 12),
        (6, Outcome.ERRORED, Verdict.ROLLBACK, ExitCode.GATE_FAILED, 12),
        (6, Outcome.NOT_PROVEN, Verdict.ROLLBACK, ExitCode.GATE_FAILED, 12),
        (6, Outcome.SKIPPED, Verdict.HOLD, ExitCode.GATE_HOLDS, 0),
    ],
)
def test_the_outcomes_of_a_stage_decide(
    project: Project, bad: int, outcome: Outcome, verdict: Verdict, code: ExitCode, errors: int
) -> None:
    run(project, ONE, bad, outcome)
    run(project, TWO, bad, outcome)
    listener = Listener()
    gated = gate(project, ci=listener)
    assert (gated.decision.verdict, gated.exit_code, gated.decision.errors) == (verdict, code, errors)
    assert gated.bundle == bundles(project) / "dtf-gate_live_50-1"
    manifest = read_manifest(gated.bundle)
    assert manifest is not None
    assert (manifest.lock, manifest.job, damaged(gated.bundle, manifest)) == (LOCK.digest, "gate_live_50", ())
    [event] = read_events(gated.bundle)
    assert isinstance(event, events.GateDecided)
    assert (event.verdict, event.why, event.lock) == (verdict, gated.decision.why, LOCK.digest)
    assert listener.values["verdict"] == verdict.value
    assert listener.values["why"] == gated.decision.why
    assert f"## {'✓' if code is ExitCode.OK else '✗' if code == 4 else '?'} {verdict.upper()}" in listener.shown[0]


LENIENT = canary_lock(PLAN.replace('"<40%"', '"<90%"').replace('">60%"', '">95%"').replace("80%}", "60%}"))
"""With half of the tests in error, the rate alone would let its stages proceed."""
COMPLETE = job_log(LENIENT, TWO, outcomes_of(LENIENT, TWO))


def absent(_: Path) -> None:
    """The job leaves nothing."""


def foreign(root: Path) -> None:
    other = seal(LENIENT.model_copy(update={"tool_version": "2"}))
    leave(root, other, job_log(other, TWO, outcomes_of(other, TWO)))


def torn(root: Path) -> None:
    leave(root, LENIENT, COMPLETE[:-2], ended=False)


def without_manifest(root: Path) -> None:
    leave(root, LENIENT, COMPLETE, ended=False)


def changed(root: Path) -> None:
    with (leave(root, LENIENT, COMPLETE) / "events.ndjson").open("ab") as file:
        file.write(b"\n")


def bad_manifest(root: Path) -> None:
    (leave(root, LENIENT, COMPLETE) / "manifest.json").write_text("{}")


def unreadable(root: Path) -> None:
    (leave(root, LENIENT, COMPLETE) / "events.ndjson").write_text("no events\n")


def a_test_less(root: Path) -> None:
    leave(root, LENIENT, [*COMPLETE[:-2], COMPLETE[-1]])


def cut_short_when_tried_again(root: Path) -> None:
    leave(root, LENIENT, COMPLETE)
    leave(root, LENIENT, job_log(LENIENT, TWO, {}, attempt=10)[:1], ended=False)


def of_two_revisions(root: Path) -> None:
    leave(root, LENIENT, [replace(COMPLETE[0], source="b" * 40), *COMPLETE[1:]])
    leave(root, LENIENT, [replace(COMPLETE[0], source="a" * 40 + "+changed", attempt=2)])


@pytest.mark.parametrize(
    ("harm", "missing", "doubt"),
    [
        (absent, 6, f"job {TWO} left no bundle"),
        (foreign, 6, f"dtf-{TWO}-1 belongs to another lock"),
        (torn, 1, f"job {TWO} did not come to its end"),
        (without_manifest, 0, f"job {TWO} did not come to its end"),
        (changed, 6, f"dtf-{TWO}-1 is damaged"),
        (bad_manifest, 6, f"dtf-{TWO}-1 is damaged"),
        (unreadable, 6, f"dtf-{TWO}-1 is damaged"),
        (a_test_less, 1, f"1 test of job {TWO} has no result"),
        (cut_short_when_tried_again, 0, f"job {TWO} did not come to its end"),
        (of_two_revisions, 0, "bundles are of different revisions of the source"),
    ],
)
def test_what_is_missing_damaged_or_of_another_lock_never_proceeds(
    tmp_path: Path, harm: Callable[[Path], None], missing: int, doubt: str
) -> None:
    project = project_with(tmp_path, LENIENT)
    leave(bundles(project), LENIENT, job_log(LENIENT, ONE, outcomes_of(LENIENT, ONE)))
    harm(bundles(project))
    decision = gate(project).decision
    assert decision.verdict is Verdict.HOLD
    assert decision.why == f"{missing} of 12 tests in error, but {doubt}"


@pytest.mark.parametrize("text", ["{", "{}", '{"schema-version": 99}'])
def test_a_damaged_manifest_costs_no_report_and_no_build_is_green(project: Project, text: str) -> None:
    for job in [job.id for job in LOCK.jobs]:
        run(project, job)
    gate(project)
    gate(project, "live-100")
    lock = project.place / "plan.lock.json"
    assert report_files(project, lock_file=lock, clock=FakeClock()).report.exit_code is ExitCode.OK
    (bundles(project) / f"dtf-{TWO}-1" / "manifest.json").write_text(text)
    report = report_files(project, lock_file=lock, clock=FakeClock()).report
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert any(f"dtf-{TWO}-1/manifest.json" in warning for warning in report.warnings)


def test_the_last_attempt_of_each_job_counts(project: Project) -> None:
    run(project, ONE, 6)
    run(project, ONE, 0, attempt=10)
    run(project, ONE, 6, attempt=9)
    run(project, TWO)
    assert gate(project).decision.errors == 0


def test_other_jobs_and_what_was_never_planned_decide_nothing(project: Project) -> None:
    for job in (ONE, TWO):
        run(project, job)
    run(project, "base", 2)
    stray = events.TestFinished(ts=2.0, job=ONE, test="live::l.py::new", number=1, outcome=RED)
    log = job_log(LOCK, ONE, outcomes_of(LOCK, ONE), attempt=2)
    leave(bundles(project), LOCK, [*log[:-1], stray, log[-1]])
    assert (gate(project).decision.errors, gate(project).decision.samples) == (0, 12)


def test_a_stage_that_an_earlier_decision_withheld_is_neither_held_nor_rolled_back(project: Project) -> None:
    run(project, "base", 1)
    listener = Listener()
    gated = gate(project, ci=listener)
    assert gated.decision.verdict is None
    assert gated.decision.why == "the stage was withheld: needs:base"
    assert gated.exit_code is ExitCode.NOT_PROVEN
    assert listener.values["verdict"] == "withheld"
    assert list(read_events(gated.bundle)) == []
    report = report_files(project, lock_file=project.place / "plan.lock.json", clock=FakeClock()).report
    assert report.gates == ()
    assert report.exit_code is ExitCode.TESTS_FAILED


def test_nothing_at_all_is_a_rollback_by_the_rate_of_what_is_not_proven(project: Project) -> None:
    gated = gate(project)
    assert (gated.decision.verdict, gated.decision.errors) == (Verdict.ROLLBACK, 12)


def test_attempts_are_counted_by_the_provider_or_by_what_is_there(project: Project) -> None:
    for number in (1, 2):
        assert gate(project).bundle.name == f"dtf-gate_live_50-{number}"
    assert gate(project, ci=Listener(attempt=7)).bundle.name == "dtf-gate_live_50-7"
    assert gate(project, attempt=8, ci=Listener(attempt=7)).bundle.name == "dtf-gate_live_50-8"
    with pytest.raises(UserError, match="there already"):
        gate(project, attempt=8)


def test_mistakes(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"no gate after 'base'"):
        gate(project, "base")
    with pytest.raises(UserError, match="no directory"):
        gate_stage(project, "live-50", [tmp_path / "nowhere"])
    strange = seal(LOCK.model_copy(update={"plan": {"gates": {"canary": {"error-rate": {"healthy": 7}}}}}))
    (tmp_path / "strange.json").write_bytes(encode(strange))
    leave(bundles(project), strange, job_log(strange, ONE, outcomes_of(LOCK, ONE)))
    with pytest.raises(LockError, match="does not say what gate 'canary' decides by"):
        gate(project, lock_file=tmp_path / "strange.json")


def test_bundles_may_be_anywhere(project: Project, tmp_path: Path) -> None:
    for job in (ONE, TWO):
        leave(tmp_path / "down" / job, LOCK, job_log(LOCK, job, outcomes_of(LOCK, job)))
    gated = gate_stage(project, "live-50", [tmp_path / "down"], out=tmp_path / "up", clock=FakeClock())
    assert gated.decision.verdict is Verdict.PROCEED
    assert gated.bundle.parent == tmp_path / "up"


@settings(max_examples=25)
@given(st.data())
def test_no_gate_proceeds_on_less_than_everything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    project = project_with(tmp_path_factory.mktemp("gate"), LENIENT)
    whole = True
    for job in (ONE, TWO):
        log = job_log(LENIENT, job, outcomes_of(LENIENT, job, data.draw(st.integers(0, 1))))
        lost = data.draw(st.integers(2, len(log)) | st.just(0))  # the last event says nothing of any test
        ended = data.draw(st.booleans())
        whole = whole and ended and not lost
        if lost < len(log):
            leave(bundles(project), LENIENT, log[: len(log) - lost], ended=ended)
    assert (gate(project).decision.verdict is Verdict.PROCEED) == whole


def test_the_report_knows_gates_and_what_they_withheld(project: Project) -> None:
    run(project, "base")
    for job in (ONE, TWO):
        run(project, job, 3)
    gate(project)
    listener = Listener()
    reported = report_files(project, lock_file=project.place / "plan.lock.json", clock=FakeClock())
    summarise(listener, reported)
    report = reported.report
    assert [(one.stage, one.verdict) for one in report.gates] == [("live-50", Verdict.HOLD)]
    assert report.certificate.complete
    assert len(report.certificate.withheld) == 13
    assert report.exit_code is ExitCode.GATE_HOLDS
    assert "### Gates" in listener.shown[0]
    assert "gate:live-50" in (reported.out / "merged.xml").read_text()
    assert json.loads((reported.out / "results.json").read_bytes())["gates"][0]["verdict"] == "hold"


def test_a_gate_that_left_nothing_is_missed_though_all_tests_passed(project: Project) -> None:
    for job in LOCK.jobs:
        run(project, job.id)
    gate(project, "live-50")
    report = report_files(project, lock_file=project.place / "plan.lock.json", clock=FakeClock()).report
    assert report.totals.passed == report.totals.tests
    assert [one.verdict for one in report.gates] == [Verdict.PROCEED, None]
    assert report.exit_code is ExitCode.NOT_PROVEN
    gate(project, "live-100")
    report = report_files(project, lock_file=project.place / "plan.lock.json", clock=FakeClock()).report
    assert report.exit_code is ExitCode.OK


@pytest.mark.parametrize("ended", [True, False])
def test_a_decision_of_another_lock_makes_nothing_green(project: Project, ended: bool) -> None:
    for job in LOCK.jobs:
        run(project, job.id)
    other = seal(LOCK.model_copy(update={"tool_version": "2"}))
    for stage in ("live-50", "live-100"):
        leave(bundles(project), other, [gate_event(other, stage, Verdict.PROCEED)], ended=ended)
    report = report_files(project, [bundles(project)], lock_file=project.place / "plan.lock.json").report
    assert [one.verdict for one in report.gates] == [None, None]
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert sum("belongs to another lock" in warning for warning in report.warnings) == 2


@pytest.mark.parametrize(
    ("verdict", "bad", "code"),
    [
        (Verdict.PROCEED, 1, ExitCode.TESTS_FAILED),
        (Verdict.HOLD, 1, ExitCode.GATE_HOLDS),
        (Verdict.ROLLBACK, 1, ExitCode.GATE_FAILED),
        (Verdict.HOLD, 0, ExitCode.GATE_HOLDS),
    ],
)
def test_gates_come_before_failed_tests(project: Project, verdict: Verdict, bad: int, code: ExitCode) -> None:
    for job in LOCK.jobs:
        run(project, job.id, bad if job.id == "base" else 0)
    leave(bundles(project), LOCK, [gate_event(LOCK, "live-50", Verdict.PROCEED)])
    leave(bundles(project), LOCK, [gate_event(LOCK, "live-100", verdict)])
    report = report_files(project, lock_file=project.place / "plan.lock.json", clock=FakeClock()).report
    assert report.exit_code is code


def test_a_gates_outputs_on_github(project: Project, tmp_path: Path) -> None:
    for job in (ONE, TWO):
        run(project, job)
    out = tmp_path / "outputs"
    gate(project, ci=GithubCi(out=io.StringIO(), output=out))
    assert "verdict<<end_" in out.read_text()
    assert "\nproceed\n" in out.read_text()
