"""Runs of a rendered pipeline, executed here: there is no engine of Azure's, so we do what its server and agents do.

What is real: the pipeline as it is read back, its conditions (`server`), a checkout by git, each ``bash`` step by bash,
and the contract server, which is told and asked by ci-orchestrator itself. What is ours: how steps see variables and
secrets, logging commands, and the four tasks that carry artifacts and results, as these pages have it:
https://learn.microsoft.com/azure/devops/pipelines/process/variables, …/scripts/logging-commands and …/tasks/reference
(publish-pipeline-artifact-v1, download-pipeline-artifact-v2, cache-v2, publish-test-results-v2).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.azure.server import PASSED, goes, starts
from servers.azure import AzureServer

_MACRO = re.compile(r"\$\(([^)\n]+)\)")
_OUTPUT = re.compile(r"##vso\[task\.setvariable variable=(\w+);isOutput=true\](.*)")
_RUNTIME = re.compile(r"\$\[ dependencies\.(\w+)\.outputs\['([\w.]+)'\] \]")


class TaskError(Exception):
    """A task did not do what it was asked for."""


@dataclass
class Build:
    """One run: what its jobs said and left. `secrets`: by the names of their variables.

    `log`: what the steps printed, by job, leg and attempt. `handed`: which steps were given which secrets. `shown`:
    files that PublishTestResults was given.
    """

    pipeline: Mapping[str, Any]
    server: AzureServer
    sources: Path
    place: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    results: dict[str, str] = field(default_factory=dict)
    legs: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)
    log: dict[str, str] = field(default_factory=dict)
    handed: set[tuple[str, str]] = field(default_factory=set)
    shown: list[Path] = field(default_factory=list)
    attempt: int = 1

    def run(self, but: Sequence[str] = ()) -> None:
        """All jobs, as long as their conditions let them start. Those of `but` fail, for they get lost."""
        for job in self.pipeline["jobs"]:
            if job["job"] in but:
                self.results[job["job"]] = "Failed"
            else:
                self._job(job)

    def rerun_failed(self) -> None:
        """*Rerun failed jobs*: those that failed, of a matrix the legs that did, and what was skipped for them."""
        self.attempt += 1
        for job in self.pipeline["jobs"]:
            if self.results[job["job"]] not in PASSED:
                self._job(job)

    def _job(self, job: Mapping[str, Any]) -> None:
        name = job["job"]
        if not starts(job, self.results, self.outputs):
            self.results[name] = "Skipped"
            return
        ended = self.legs.setdefault(name, {})
        for leg, variables in self._matrix(job).items():
            if ended.get(leg) not in PASSED:
                ended[leg] = _Agent(self, job, leg, variables).run()
        self.results[name] = "Failed" if "Failed" in ended.values() else max(ended.values(), key=PASSED.index)

    def _matrix(self, job: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
        told = job.get("strategy", {}).get("matrix", {"": {}})
        found: Mapping[str, Mapping[str, str]] = json.loads(self.resolved(told)) if isinstance(told, str) else told
        return found

    def resolved(self, text: str) -> str:
        """A variable's value, after what it takes from other jobs is put in."""
        return _RUNTIME.sub(lambda found: self.outputs.get(f"{found[1]}.{found[2]}", ""), text)


class _Agent:
    """One attempt of one job, on a machine of its own."""

    def __init__(self, build: Build, job: Mapping[str, Any], leg: str, variables: Mapping[str, str]) -> None:
        self._build, self._job = build, job
        self._name = "-".join(filter(None, [job["job"], leg, str(build.attempt)]))
        self._work = build.place / self._name
        self._work.mkdir(parents=True)
        own = {name: build.resolved(value) for name, value in job.get("variables", {}).items()}
        self._variables = {
            **build.variables,
            **own,
            **variables,
            "BUILD_SOURCESDIRECTORY": str(self._work / "s"),
            "PIPELINE_WORKSPACE": str(self._work),
            "SYSTEM_JOBATTEMPT": str(build.attempt),
        }
        self._result = PASSED[0]

    def run(self) -> str:
        for step in self._job["steps"]:
            if not goes(step, self._result, self._variables):
                continue
            try:
                self._step(step)
            except (TaskError, subprocess.CalledProcessError):
                if step.get("continueOnError"):
                    self._result = PASSED[1] if self._result in PASSED else self._result
                else:
                    self._result = "Failed"
        return self._result

    def _step(self, step: Mapping[str, Any]) -> None:
        if "checkout" in step:
            assert step["clean"] is True, "what another build left must go"
            command = ["git", "clone", "-q", str(self._build.sources), str(self._work / "s")]
            subprocess.run(command, check=True, capture_output=True)
        elif "bash" in step:
            self._bash(step)
        else:
            _TASKS[step["task"]](self, {name: self._expanded(str(value)) for name, value in step["inputs"].items()})

    def _bash(self, step: Mapping[str, Any]) -> None:
        given = {name: self._expanded(value) for name, value in step.get("env", {}).items()}
        self._build.handed |= {(step["displayName"], name) for name in given if given[name] in self._secrets.values()}
        usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", self._expanded(step["bash"])],
            cwd=self._work / "s" / step.get("workingDirectory", ""),
            env={**usual, **self._variables, **given, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self._build.log[self._name] = self._build.log.get(self._name, "") + done.stdout
        for name, value in _OUTPUT.findall(done.stdout):
            self._build.outputs[f"{self._job['job']}.{step['name']}.{name}"] = value
        done.check_returncode()

    def _expanded(self, text: str) -> str:
        return expanded(text, self._variables | self._secrets)

    @property
    def _secrets(self) -> Mapping[str, str]:
        return {name.replace(".", "_").upper(): value for name, value in self._build.secrets.items()}

    def publish(self, inputs: Mapping[str, str]) -> None:
        path, name = Path(inputs["targetPath"]), inputs["artifact"]
        if not path.exists() or name in self._build.kept:
            raise TaskError(f"{path} is not there, or {name} is")
        files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        around = path.parent if path.is_file() else path
        self._build.kept[name] = {one.relative_to(around).as_posix(): one.read_bytes() for one in files}
        self._build.server.add_artifact(name, self._build.kept[name])

    def download(self, inputs: Mapping[str, str]) -> None:
        found = list(self._wanted(inputs))
        if not found:
            raise TaskError(f"nothing matches {inputs}")
        for path, data in found:
            place = Path(inputs["targetPath"], path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def _wanted(self, inputs: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        """One artifact's files by themselves; of several, each in a directory by the artifact's name.

        Whether that name is part of what patterns are held against, Microsoft's page and an issue of the agent say
        otherwise (`steps.download_bundles`): here it must not matter.
        """
        if "artifactName" in inputs:
            yield from self._build.kept.get(inputs["artifactName"], {}).items()
            return
        patterns = inputs["itemPattern"].splitlines()
        for name, files in self._build.kept.items():
            for path, data in files.items():
                told = {any(matches(one, tried) for one in patterns) for tried in (f"{name}/{path}", path)}
                assert len(told) == 1, f"{path} of {name} is fetched by {patterns} or not"
                if told == {True}:
                    yield f"{name}/{path}", data

    def cache(self, inputs: Mapping[str, str]) -> None:
        """Always a miss."""

    def show(self, inputs: Mapping[str, str]) -> None:
        self._build.shown.append(Path(inputs["testResultsFiles"]))


def expanded(text: str, known: Mapping[str, str]) -> str:
    """A text after ``$(name)`` in it is replaced. `known`: variables by their names in the environment."""
    return _MACRO.sub(lambda found: known.get(found[1].replace(".", "_").upper(), found[0]), text)


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern with ``*`` in a name and ``**`` for any depth has a path."""
    parts = (re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("**"))
    return re.fullmatch(".*".join(parts), path) is not None


_TASKS = {
    "Cache@2": _Agent.cache,
    "DownloadPipelineArtifact@2": _Agent.download,
    "PublishPipelineArtifact@1": _Agent.publish,
    "PublishTestResults@2": _Agent.show,
}


def path_with_our_command(place: Path) -> str:
    """A PATH on which ci-orchestrator is the one that is tested."""
    place.mkdir()
    command = place / "ci-orchestrator"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ci_orchestrator "$@"\n')
    command.chmod(0o755)
    return f"{place}{os.pathsep}{os.environ['PATH']}"
