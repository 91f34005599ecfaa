"""The Jenkinsfile: its head, the declarative frame, and the functions that do the work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.providers.base import extras, head
from ci_orchestrator.providers.jenkins import data, flow, groovy, jobs, report, triggers
from ci_orchestrator.providers.shell import SPEC, install

PLUGINS = {
    "Pipeline": "the language of this file",
    "Git": "checkout",
    "Timestamper": "timestamps",
    "Pipeline Utility Steps": "readJSON",
    "JUnit": "test results",
}
"""What every Jenkinsfile of ours needs. In `docs/how-to/jenkins.md` too; a test compares them."""


def document(pipeline: Pipeline, path: str) -> str:
    """The whole file. Raises `PlanError` for what Jenkins cannot say, and at a wall."""
    functions = jobs.functions(pipeline)
    run = {stage: function.name for function in functions for stage in function.stages}
    verdicts, texts = jobs.verdict_functions(pipeline)
    parts = [
        _head(pipeline, path),
        "import groovy.transform.Field",
        _data(pipeline, data.levels_json(pipeline, run, verdicts)),
        _frame(pipeline),
        flow.plan(pipeline),
        *flow.constant(pipeline),
        *(function.text for function in functions),
        *texts,
        *report.secrets(pipeline),
        report.report(pipeline),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(pipeline: Pipeline, path: str) -> str:
    lines = [
        *head(pipeline, "jenkins", path),
        "",
        f"Plugins: {', '.join([*PLUGINS, *_more_plugins(pipeline)])}.",
    ]
    if any(stage.setup.cache.paths for stage in pipeline.stages):
        lines.append("Caches: agents keep their disk, so nothing is fetched or saved here.")
    return "\n".join(map(groovy.comment, lines))


def _more_plugins(pipeline: Pipeline) -> Iterator[str]:
    if not pipeline.memory:
        yield "Copy Artifact"
    if pipeline.secrets or pipeline.planning_secrets or any(gate.secrets for gate in pipeline.gates):
        yield "Credentials Binding"
    if any(stage.container for stage in pipeline.stages):
        yield "Docker Pipeline"
    if any(stage.coverage for stage in pipeline.stages):
        yield "Coverage"


def _data(pipeline: Pipeline, levels: Iterator[str]) -> str:
    lines = [
        "// The stages, level by level: what each needs, and the function that runs a job of it.",
        f"@Field final String LEVELS_JSON = {data.constants(levels)}",
        "",
    ]
    if pipeline.shape is Shape.STATIC:
        lines += [
            "// Their jobs, by id, and what people call them. The plan job divides the tests over exactly these.",
            f"@Field final String JOBS_JSON = {data.constants(data.cells_json(pipeline))}",
            "",
        ]
    lines += [
        "// The agents that plan, decide and report.",
        f"@Field final String CONTROL = {groovy.text(jobs.control(pipeline))}",
        f"@Field final String INSTALL = {groovy.block(install(pipeline.tool_version), 0)}",
        *_install_more(pipeline),
        "",
        "// What is known once there is a plan; stages whose jobs all passed, and gates that said proceed; bundles.",
        "@Field final List LEVELS = []",
        "@Field final Map JOBS = [:]",
        "@Field final Map PASSED = [:]",
        "@Field final List BUNDLES = []",
    ]
    return "\n".join(lines)


def _install_more(pipeline: Pipeline) -> Iterator[str]:
    if more := extras(pipeline):
        spec = f': "${{{SPEC}:=ci-orchestrator[{",".join(more)}]=={pipeline.tool_version}}}"'
        yield "// The same, with what it takes to tell the report and to keep the history."
        yield f"@Field final String INSTALL_MORE = {groovy.text(spec)} + INSTALL"


def _frame(pipeline: Pipeline) -> str:
    concurrency = {"cancel-older": "abortPrevious: true", "queue": ""}.get(pipeline.concurrency)
    options = ["timestamps()", "skipDefaultCheckout()"]
    if concurrency is not None:
        options.append(f"disableConcurrentBuilds({concurrency})")
    options.append(f"buildDiscarder(logRotator(artifactDaysToKeepStr: '{math.ceil(pipeline.retain / 86_400)}'))")
    return _FRAME.format(
        options="\n".join(f"        {option}" for option in options),
        triggers=_indented(triggers.block(pipeline.trigger), 4),
        when=_indented(triggers.when(pipeline.trigger), 12),
    )


_FRAME = """\
pipeline {{
    agent none

    options {{
{options}
    }}
{triggers}
    stages {{
        stage('plan') {{
{when}            steps {{
                script {{ makePlan() }}
            }}
        }}

        stage('tests') {{
            when {{ expression {{ LEVELS }} }}
            steps {{
                script {{ runLevels() }}
            }}
        }}
    }}

    post {{
        // However the tests ended; its exit code is the build's result.
        always {{
            script {{ report() }}
        }}
    }}
}}
"""


def _indented(lines: Sequence[str], by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" if line else "\n" for line in lines)
