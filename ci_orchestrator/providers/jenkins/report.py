"""The function that reports; and what it has in common with planning: the history, and secrets that no test sees."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.providers.base import (
    CONTROL_SECONDS,
    extras,
    memory_extras,
    memory_option,
    plan_option,
    report_options,
)
from ci_orchestrator.providers.jenkins import groovy, steps
from ci_orchestrator.providers.shell import LOCK, REPORT, TOOL, commands

_REPORT = """\
// Always runs: collects what there is, tells it, and decides.
void report() {{
    if (!LEVELS) {{
        // Nothing was planned, so nothing is proven: no build of ours is green for that.
        if (currentBuild.currentResult == 'SUCCESS') {{
            currentBuild.result = 'NOT_BUILT'
        }}
        return
    }}
    stage('report') {{
        onAgent(CONTROL, {seconds}) {{
            checkout scm
            prepared({install}) {{
{history}                collect(BUNDLES)
{tell}
                // One line of our own words, and none of a test's.
                if (fileExists('.ci-orchestrator/description.json')) {{
                    Map said = readJSON(file: '.ci-orchestrator/description.json', returnPojo: true)
                    currentBuild.description = said.description
                }}
                // Red tests do not make the build unstable: the verdict decides.
                junit(
                    testResults: '.ci-orchestrator/report/merged.xml',
                    allowEmptyResults: true,
                    skipMarkingBuildUnstable: true)
{coverage}                archiveArtifacts(
                    artifacts: '.ci-orchestrator/report/**, .ci-orchestrator/bundles/**,' +
                        ' .ci-orchestrator/plan.lock.json{kept}',
                    allowEmptyArchive: true)
                if (verdict) {{
                    error "the build is not green: exit code ${{verdict}}"
                }}
            }}
        }}
    }}
}}
"""

_COVERAGE = """\
                recordCoverage(tools: [[parser: 'COBERTURA', pattern: '.ci-orchestrator/bundles/*/coverage/**/*.xml']])
"""

_COPIED = """\
// What earlier builds took: of this branch, for a pull request of the branch that it goes into.
catchError(buildResult: 'SUCCESS', stageResult: 'SUCCESS', catchInterruptions: false) {
    String branch = env.CHANGE_TARGET ? '../' + env.CHANGE_TARGET.replace('/', '%2F') : "/${env.JOB_NAME}"
    copyArtifacts(
        projectName: branch,
        selector: lastCompleted(),
        filter: '.ci-orchestrator/history.sqlite',
        optional: true)
}"""

_SECRETS = """\
// The secrets of the report that Jenkins has. No test runs or is listed in here, and a fork's build gets none.
void withSecrets(Closure body) {{
    List wanted = env.CHANGE_FORK ? [] : [{names}]
    List found = []
    for (name in wanted) {{
        try {{
            // Bound for a look: nothing else is in here that could fail.
            withCredentials([string(credentialsId: name, variable: name)]) {{ found << name }}
        }} catch (org.jenkinsci.plugins.credentialsbinding.impl.CredentialNotFoundException missing) {{
            echo "going on without the secret ${{name}}: ${{missing.message}}"
        }}
    }}
    if (!found) {{
        body()
        return
    }}
    withCredentials(found.collect {{ string(credentialsId: it, variable: it) }}) {{
{bound}
    }}
}}
"""

_REMOTE = "CI_ORCHESTRATOR_REMOTE"
_CONFIGURED = """\
// Git logs in where the job is configured to fetch from: a workspace may say anything.
String remote = "${scm.userRemoteConfigs[0]?.url}".replaceFirst('//[^/]*@', '//')"""

_LOGIN = """\
case "${{{token}:+${remote}}}" in
  https://*)
    host="${{{remote}#https://}}"
    login="credential.https://${{host%%/*}}.helper"
    export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0="$login" GIT_CONFIG_VALUE_0= GIT_CONFIG_KEY_1="$login"
    export GIT_CONFIG_VALUE_1='!echo username=x-access-token; echo "password=${token}"; :'
    ;;
esac"""
"""See gitcredentials(7) on contexts: a helper that is configured for a host is asked for that host and scheme alone,
wherever a redirection or an ``insteadOf`` leads; the empty one before it has git forget all that it would ask, too.
"""

_FORGES = ("GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "AZURE_DEVOPS_EXT_PAT")
"""Secrets that git may show to the remote when the history is a branch there: all of these are passwords for any name
(https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
has one for apps, which the others take, too).
"""


def report(pipeline: Pipeline) -> str:
    """The function that reports."""
    words = [TOOL, "report", *plan_option(pipeline), "--lock", LOCK, "--out", REPORT, *report_options(pipeline)]
    script = groovy.block([*_login(pipeline), *commands([words])], 0)
    step = f"verdict = sh(label: 'report', returnStatus: true, script: {script})"
    told = ["int verdict = 1", *_secretly(pipeline, [step])] if pipeline.secrets else [f"int {step}"]
    copied = pipeline.shape is Shape.STATIC and not pipeline.memory  # the plan job of a dynamic one hands it on
    return _REPORT.format(
        seconds=CONTROL_SECONDS,
        install=installer(pipeline, telling=True),
        history=_deep([*history(pipeline), ""]) if copied else "",
        tell=_deep(told),
        coverage=_COVERAGE if any(stage.coverage for stage in pipeline.stages) else "",
        kept="" if pipeline.memory else ", .ci-orchestrator/history.sqlite",
    )


def secrets(pipeline: Pipeline) -> Sequence[str]:
    """The function that binds the secrets of the report, where there are some. Raises `PlanError` at a wall."""
    if not pipeline.secrets:
        return ()
    steps.in_one_list("secrets", pipeline.secrets, "pipeline")
    names = ", ".join(map(groovy.text, pipeline.secrets))
    bound = _with_remote(pipeline) if _token(pipeline) else ["body()"]
    return (_SECRETS.format(names=names, bound="\n".join(steps.indented(steps.indented(bound)))),)


def history(pipeline: Pipeline) -> list[str]:
    """Steps that fetch what is known of earlier builds: from the memory, else what the last one archived."""
    if not pipeline.memory:
        return _COPIED.splitlines()
    words = [TOOL, "history", *plan_option(pipeline), *memory_option(pipeline)]
    lines = [*_login(pipeline), *commands([words])]
    return _secretly(pipeline, steps.shell("fetch the history", lines, "`pipeline: memory`"))


def installer(pipeline: Pipeline, *, telling: bool = False) -> str:
    """The constant with what installs ci-orchestrator, with extras where it is to tell something, or needs them for the
    history.
    """
    more = extras(pipeline) if telling else memory_extras(pipeline)
    return "INSTALL_MORE" if more else "INSTALL"


def _secretly(pipeline: Pipeline, body: Sequence[str]) -> list[str]:
    return ["withSecrets {", *steps.indented(body), "}"] if pipeline.secrets else list(body)


def _login(pipeline: Pipeline) -> list[str]:
    """Lines that have git answer the remote's host with the forge's token, and only with that: no helper of the agent's
    is told what it was. None where the history is no branch, or git is to find its own way.
    """
    token = _token(pipeline)
    return _LOGIN.format(token=token, remote=_REMOTE).splitlines() if token else []


def _with_remote(pipeline: Pipeline) -> list[str]:
    """The body, told where git may show the token: at the forge that the plan names, else where the code comes from."""
    forge = pipeline.forge.partition("=")[2]
    remote = [f"String remote = {groovy.text(forge)}"] if forge else _CONFIGURED.splitlines()
    return [*remote, f'withEnv(["{_REMOTE}=${{remote}}"]) {{ body() }}']


def _token(pipeline: Pipeline) -> str:
    """The name of the secret that git is to show; empty where it shows none."""
    names = _FORGES if pipeline.memory.startswith("branch:") else ()
    return next((name for name in names if name in pipeline.secrets), "")


def _deep(lines: Sequence[str]) -> str:
    """As far in as the steps of the report are."""
    for _ in range(4):
        lines = steps.indented(lines)
    return "\n".join(lines)
