"""The steps of Azure's jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Cache, Checkout, Setup, Toolchain
from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.azure.expressions import every, exports, has_macro, plain, script, text, unset_missing
from ci_orchestrator.providers.azure.login import git_login, needs_git
from ci_orchestrator.providers.azure.permissions import JOB_TOKEN
from ci_orchestrator.providers.base import memory_option, plan_option
from ci_orchestrator.providers.shell import BUNDLES, LOCK, REPORT, STATE, TOOL, install
from ci_orchestrator.providers.yaml import Note, Value

Step = dict[str, Value]
JOB = "CI_ORCHESTRATOR_JOB"
"""The variable that a leg of a matrix sets; steps see it in their environment."""
LOCK_NAME = "CI_ORCHESTRATOR_LOCK"
"""The variable that has the name of the lock's artifact."""
ATTEMPT = "$(System.JobAttempt)"
_OF_THE_JOB = "System.AccessToken"
_EARLIER = f"{BUNDLES}/earlier"
_LATER = "ne(variables['System.JobAttempt'], '1')"
SOURCES = "$(Build.SourcesDirectory)"
_FORK = "and(eq(variables['Build.Reason'], 'PullRequest'), ne(variables['System.PullRequest.IsFork'], 'False'))"
_UNTOLD = f"or(ne(variables['Build.Repository.Provider'], 'TfsGit'), {_FORK})"
"""Where the report makes no test run: see `context.read_context` for what counts as a fork. A variable that is not set
is null, which equals no text.
"""
_HISTORY = "$PIPELINE_WORKSPACE/ci-orchestrator-history"
_KEY_FILE = re.compile(r"[A-Za-z0-9._/@+-]+")
_TOOLS: Mapping[str, tuple[str, str, Mapping[str, Value]]] = {
    "go": ("GoTool@0", "version", {}),
    "java": ("JavaToolInstaller@0", "versionSpec", {"jdkArchitectureOption": "x64", "jdkSourceOption": "PreInstalled"}),
    "node": ("NodeTool@0", "versionSpec", {}),
    "python": ("UsePythonVersion@0", "versionSpec", {}),
}
"""Language → the task, its input for the version, and its other inputs."""


def checkout(options: Checkout) -> Step:
    """The source, and nothing that an earlier job left, on an agent that keeps its disk."""
    step: Step = {"checkout": "self", "clean": True, "fetchDepth": options.depth}
    if options.submodules:
        step["submodules"] = "recursive"
    if options.lfs:
        step["lfs"] = True
    return {**step, "persistCredentials": False}


def prepare(
    pipeline: Pipeline,
    setup: Setup,
    env: Mapping[str, str],
    secrets: Sequence[str],
    *,
    extras: Sequence[str] = (),
    first: Sequence[Step] = (),
) -> Iterator[Step]:
    """Checkout, toolchain, caches, ci-orchestrator with `extras`, what comes `first`, commands of the plan."""
    yield checkout(setup.checkout)
    yield from _toolchain(setup.toolchain)
    yield from _caches(pipeline, setup.cache)
    yield tool(pipeline, extras)
    yield from first
    if setup.run:
        yield bash(pipeline, "Set up", script(setup.run), env, secrets)


def tool(pipeline: Pipeline, extras: Sequence[str] = ()) -> Step:
    """ci-orchestrator itself."""
    return bash(pipeline, "Install ci-orchestrator", install(pipeline.tool_version, extras))


def run(
    pipeline: Pipeline,
    title: str,
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    name: str = "",
) -> Step:
    """A command of ci-orchestrator. `words` are ours but for names that a plan restricts."""
    step = bash(pipeline, title, [_command(pipeline, words)], env or {}, secrets)
    return {"bash": step.pop("bash"), "name": name, **step} if name else step


def run_online(pipeline: Pipeline, title: str, words: Sequence[str], *, api: bool) -> Step:
    """A command of ci-orchestrator that talks to others, and so has what no step has that runs or lists tests: the
    secrets of the pipeline, and the job's own token, for Azure's `api` or for git.
    """
    git = needs_git(pipeline)
    tokens = {JOB_TOKEN: _OF_THE_JOB} if api or git else {}
    secrets = {secret: secret for secret in pipeline.secrets} | tokens
    lines = [*unset_missing(secrets), *(git_login(pipeline) if git else ()), _command(pipeline, words)]
    step = bash(pipeline, title, lines)
    return {**step, "env": {name: f"$({variable})" for name, variable in secrets.items()}} if secrets else step


def bash(
    pipeline: Pipeline,
    title: str,
    lines: Sequence[str],
    env: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
) -> Step:
    """Lines of shell in the project's directory; the first that fails ends the step."""
    before = [*exports(env or {}), *unset_missing({secret: secret for secret in secrets})]
    every = [*before, *lines]
    step: Step = {"bash": "\n".join(["set -e", *every, ""]) if len(every) > 1 else every[0], "displayName": title}
    if pipeline.root != ".":
        step["workingDirectory"] = _root(pipeline)
    values: Step = {key: text(value) for key, value in (env or {}).items() if not has_macro(value)}
    values |= {secret: f"$({secret})" for secret in secrets}
    return {**step, "env": values} if values else step


def task(name: str, title: str, inputs: Mapping[str, Value], condition: str = "") -> Step:
    """A task of Azure's."""
    step: Step = {"task": name, "displayName": title}
    if condition:
        step["condition"] = condition
    return {**step, "inputs": dict(inputs)}


def publish(pipeline: Pipeline, title: str, path: str, artifact: str, condition: str = "") -> Step:
    """Keep something as an artifact of the run."""
    inputs = {"targetPath": place(pipeline, path), "artifact": artifact}
    return task("PublishPipelineArtifact@1", title, inputs, condition)


def publish_bundle(pipeline: Pipeline, job: str, path: str) -> Step:
    """Keep a job's bundle, also a red one's, also when the run is stopped. In the artifact it is a directory of the
    artifact's name: whatever a pattern is held against, it begins with that.
    """
    return publish(pipeline, "Keep the bundle", path, f"dtf-{job}-{ATTEMPT}", "always()")


def download_lock(pipeline: Pipeline) -> Step:
    """Fetch the lock of the attempt that planned."""
    inputs = {"artifactName": f"$({LOCK_NAME})", "targetPath": place(pipeline, STATE)}
    return task("DownloadPipelineArtifact@2", "Fetch the lock", inputs)


def download_bundles(pipeline: Pipeline, patterns: Sequence[str]) -> Step:
    """Fetch bundles. None is no error here: whoever reads them says what is missing.

    With the artifact's name patterns begin by https://learn.microsoft.com/azure/devops/pipelines/artifacts/pipeline-artifacts
    (*Multiple artifacts*), without it by https://github.com/microsoft/azure-pipelines-agent/issues/3416.
    """
    inputs: Step = {"itemPattern": "\n".join(f"{pattern}/**" for pattern in patterns)}
    inputs["targetPath"] = place(pipeline, BUNDLES)
    step = task("DownloadPipelineArtifact@2", "Fetch the bundles", inputs)
    return {**step, "continueOnError": True}


def download_earlier(pipeline: Pipeline) -> Step:
    """Fetch what earlier attempts of this very job left: no job's name has a hyphen. None is no error: it may have died
    with its agent.
    """
    inputs: Step = {"itemPattern": f"dtf-$({JOB})-*/**", "targetPath": place(pipeline, _EARLIER)}
    title = "Fetch the bundles of earlier attempts"
    step = task("DownloadPipelineArtifact@2", title, inputs, every(["succeeded()", _LATER]))
    return {**step, "continueOnError": True}


def drop_earlier(pipeline: Pipeline) -> Step:
    """The bundles of earlier attempts are kept already; a second copy of one would be counted as more tries."""
    step = bash(pipeline, "Drop the bundles of earlier attempts", [f"rm -rf {_EARLIER}"])
    return {**step, "condition": every(["always()", _LATER])}


def publish_lock(pipeline: Pipeline) -> Iterator[Step]:
    """Keep the lock, by a name that a second attempt does not find taken, and tell the other jobs."""
    name = f"ci-orchestrator-lock-{ATTEMPT}"
    yield publish(pipeline, "Keep the lock", LOCK, name)
    line = f'echo "##vso[task.setvariable variable=artifact;isOutput=true]{name}"'
    yield {"bash": line, "name": "lock", "displayName": "Name the lock"}


def publish_results(pipeline: Pipeline, *, coverage: bool) -> Iterator[Step]:
    """The report, where Azure shows it."""
    yield publish(pipeline, "Keep the report", REPORT, f"ci-orchestrator-report-{ATTEMPT}", "always()")
    inputs: Step = {"testResultsFormat": "JUnit", "testResultsFiles": place(pipeline, f"{REPORT}/merged.xml")}
    inputs["testRunTitle"] = "ci-orchestrator"
    show = task("PublishTestResults@2", "Show the test results", inputs, "always()")
    if pipeline.publish:
        why = "For a repository in Azure Repos the report has made a test run itself, but not for a fork."
        show["condition"] = Note(every(["always()", _UNTOLD]), above=[why])
    yield show
    if coverage:
        files: Step = {"summaryFileLocation": place(pipeline, f"{BUNDLES}/**/coverage/**/*.xml")}
        yield task("PublishCodeCoverageResults@2", "Show the coverage", files, "always()")


def fetch_memory(pipeline: Pipeline) -> Step:
    """What the plan's memory has of earlier runs."""
    return run_online(pipeline, "Fetch the history", ["history", *script([memory_option(pipeline)])], api=False)


def history(job: str) -> Step:
    """Earlier runs, by Azure's cache. It saves them again when the job ends well, under the key of this run."""
    prefix = '"ci-orchestrator-history"'
    inputs: Step = {
        "key": f'{prefix} | "{job}" | "$(Build.BuildId)"',
        "restoreKeys": f'{prefix} | "report"',
        "path": "$(Pipeline.Workspace)/ci-orchestrator-history",
    }
    return task("Cache@2", "Fetch the history", inputs)


def take_history(pipeline: Pipeline) -> Step:
    """The history's place in the project: a cache keeps directories only."""
    lines = [
        f'mkdir -p "{_HISTORY}" {STATE}',
        f'if [ -f "{_HISTORY}/history.sqlite" ]; then cp "{_HISTORY}/history.sqlite" {STATE}/; fi',
    ]
    return bash(pipeline, "Take the history", lines)


def put_history(pipeline: Pipeline) -> Step:
    """The other way round. Its absence is no error."""
    line = f'if [ -f {STATE}/history.sqlite ]; then cp {STATE}/history.sqlite "{_HISTORY}/"; fi'
    return {**bash(pipeline, "Put the history back", [line]), "condition": "always()"}


def place(pipeline: Pipeline, path: str) -> str:
    """A path of the project, as tasks want it."""
    return f"{SOURCES}/{path}" if pipeline.root == "." else f"{SOURCES}/{_root(pipeline)}/{path}"


def apart(steps: Sequence[Step]) -> list[Value]:
    """Steps with a blank line between them."""
    return [Note(step, blank=number > 0) for number, step in enumerate(steps)]


def _command(pipeline: Pipeline, words: Sequence[str]) -> str:
    return " ".join(filter(None, [TOOL, words[0], *script([plan_option(pipeline)]), *words[1:]]))


def _root(pipeline: Pipeline) -> str:
    return plain(pipeline.root, "the path of the plan file")


def _toolchain(toolchain: Toolchain) -> Iterator[Step]:
    for language, version in toolchain.chosen().items():
        name, key, more = _TOOLS[language]
        yield task(name, f"Use {language} {version}", {key: version, **more})


def _caches(pipeline: Pipeline, cache: Cache) -> Iterator[Step]:
    """One for each path: a task takes one. Fixed parts of a key are quoted, or they would be taken for files."""
    for file in cache.key:
        if not _KEY_FILE.fullmatch(file):
            raise PlanError(
                f"`cache: key` has the file {file!r}, whose name Azure Pipelines would read as something else",
                fix="letters, digits and ._/@+- only",
            )
    files = [place(pipeline, file) for file in cache.key] or ['"$(Build.BuildId)"']
    for path in cache.paths:
        prefix = f'"{path}" | "$(Agent.OS)"'
        where = f"$(HOME)/{path[2:]}" if path.startswith("~/") else place(pipeline, path)
        inputs: Step = {"key": " | ".join([prefix, *files]), "restoreKeys": prefix, "path": where}
        yield task("Cache@2", f"Cache {path}", inputs)
