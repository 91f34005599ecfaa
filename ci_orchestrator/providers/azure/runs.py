"""A report as a test run of Azure: each failure is a result, the totals are the run's, all the rest is attached.

100,000 results would be a hundred requests, and what somebody opens are the failures. The agent reports the tests that
it finds in logs this way: https://github.com/microsoft/azure-pipelines-agent, src/Agent.Plugins/TestResultParser.
"""

from __future__ import annotations

import gzip
import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.azure.permissions import RESULTS
from ci_orchestrator.providers.azure.sdk import MissingIsFine, Sdk, test_models
from ci_orchestrator.providers.online import Annotation, NativeResults
from ci_orchestrator.results.model import Totals

BATCH = 1000
"""Results of a request, as the agent sends them (src/Agent.Worker/TestResults/Legacy/TestRunPublisher.cs)."""
LARGEST = 75 * 1024 * 1024
"""Bytes of an attachment, as the agent sends them (the same file). They are sent in base64, and held in memory."""
PLAIN = 1024 * 1024
"""Bytes up to which an attachment is sent as it is; a larger one is compressed."""
NAME = 256
"""Characters of a result's name. The service drops results with longer ones (dotnet/arcade, issue 9389)."""
MESSAGE = 4000
"""Characters of a message; the service cuts there (microsoft/microsoft-ui-xaml, pull request 968)."""
MARK = "Published by ci-orchestrator"
"""With what the comment of a run of ours begins, so that no other is ever replaced."""
_COMMENT = 1000
"""Characters of a run's comment: a guess that is on the safe side, for no limit is documented."""


def publish(sdk: Sdk, build: str, results: NativeResults) -> None:
    """Make a test run of `build` (of none when it is empty), in place of those of the same name that we made before.

    Of reports that race the one whose run is the newest stays: each looks for older ones when its own is there.
    A file that is too large to be attached is left out, and the run's comment says so.
    """
    packed = {name: _packed(path) for name, path in sorted(results.files.items())}
    left_out = [name for name, data in packed.items() if data is None]
    with sdk.asking("publishing test results", RESULTS):
        run = sdk.test.create_test_run(_new(build, results, left_out), sdk.project).id
        with MissingIsFine():  # another report of the same build, which began later, has put its own in place of ours
            _fill(sdk, run, results)
            for name, (end, data) in ((name, data) for name, data in packed.items() if data is not None):
                sdk.test.create_test_run_attachment(_attachment(f"{name}{end}", data), sdk.project, run)
            for one in [one for one in _ours(sdk, build, results.name) if one < run] if build else ():
                with MissingIsFine():  # another report of the same build may have been quicker
                    sdk.test.delete_test_run(sdk.project, one)


def _fill(sdk: Sdk, run: int, results: NativeResults) -> None:
    try:
        for batch in _batches([one for one in results.annotations if one.failure]):
            sdk.test.add_test_results_to_test_run([_failure(one) for one in batch], sdk.project, run)
        sdk.test.update_test_run(_done(results), sdk.project, run)
    except Exception:
        with suppress(Exception):  # a run that is left open looks as if it went on; the first error is the one
            sdk.test.update_test_run(test_models.RunUpdateModel(state="Aborted"), sdk.project, run)
        raise


def _ours(sdk: Sdk, build: str, name: str) -> Iterator[int]:
    """Ids of the runs that reports of this build made."""
    found = sdk.test.get_test_runs(
        sdk.project, build_uri=f"vstfs:///Build/Build/{build}", include_run_details=True, automated=True
    )
    for run in found or ():
        if run.name == name and (run.comment or "").startswith(MARK):
            yield run.id


def _new(build: str, results: NativeResults, left_out: Sequence[str]) -> Any:  # noqa: ANN401 - the library has no types
    lacks = f" (too large to be attached: {', '.join(left_out)})" if left_out else ""
    return test_models.RunCreateModel(
        name=results.name,
        automated=True,
        state="InProgress",
        type="NoConfigRun",
        build=test_models.ShallowReference(id=build) if build else None,
        comment=_cut(f"{MARK}: {results.title}{lacks}", _COMMENT),
    )


def _done(results: NativeResults) -> Any:  # noqa: ANN401
    return test_models.RunUpdateModel(state="Completed", run_summary=list(_summary(results.totals)))


def _summary(totals: Totals) -> Iterator[Any]:
    """The service knows no *not proven*; *inconclusive* is no success there either."""
    counts = {
        "passed": totals.passed,
        "failed": totals.failed,
        "error": totals.errored,
        "notExecuted": totals.skipped,
        "inconclusive": totals.not_proven,
    }
    for outcome, count in counts.items():
        if count:
            yield test_models.RunSummaryModel(test_outcome=outcome, result_count=count)


def _failure(one: Annotation) -> Any:  # noqa: ANN401
    name = _cut(one.title, NAME)
    return test_models.TestCaseResult(
        test_case_title=name,
        automated_test_name=name,
        automated_test_type="NoConfig",
        automated_test_storage=_cut(one.path, NAME),
        state="Completed",
        outcome="Failed",
        error_message=_cut(one.message, MESSAGE),
        stack_trace=_cut(f"{one.path}:{one.line}", MESSAGE) if one.path else None,
    )


def _attachment(name: str, data: bytes) -> Any:  # noqa: ANN401
    stream = b64encode(data).decode("ascii")
    return test_models.TestAttachmentRequestModel(attachment_type="GeneralAttachment", file_name=name, stream=stream)


def _packed(path: Path) -> tuple[str, bytes] | None:
    """What its name ends with, and its bytes; None for a file that is too large even when it is compressed."""
    try:
        if path.stat().st_size <= PLAIN:
            return "", path.read_bytes()
        out = io.BytesIO()
        with path.open("rb") as file, gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed:
            while out.tell() <= LARGEST and (piece := file.read(PLAIN)):
                packed.write(piece)
    except OSError as error:
        raise ProviderError(
            f"{path} cannot be attached to the test run: {error.strerror}", fix="can it be read?"
        ) from error
    return (".gz", out.getvalue()) if out.tell() <= LARGEST else None


def _batches(every: Sequence[Annotation]) -> Iterator[Sequence[Annotation]]:
    for start in range(0, len(every), BATCH):
        yield every[start : start + BATCH]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"
