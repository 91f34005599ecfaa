"""How a job gets ready: image, caches, and the lines of its script before the tests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from ci_orchestrator.plan.environment import Cache, Service, Setup, Toolchain
from ci_orchestrator.plan.pipeline import Pipeline, StageJobs, refuse
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.words import inside, plain, variables
from ci_orchestrator.providers.shell import STATE, commands
from ci_orchestrator.providers.yaml import Flow, Value

OWN_IMAGE = "python:3.12"
"""Where ci-orchestrator alone runs, with executors that use images: GitLab.com's default has no usable Python."""
_IMAGES = {"go": "golang", "java": "eclipse-temurin", "node": "node", "python": "python"}
_ASKED = {
    "go": ("Go", "go version", "go version go"),
    "java": ("Java", "java -version 2>&1", 'version "'),
    "node": ("Node.js", "node --version", "v"),
    "python": ("Python", "python --version", "Python "),
}
"""Language → its name, the command that tells its version, and what stands before the number."""
HOME = f"{STATE}/home"
"""Stands for the home directory in caches: GitLab keeps only what is inside the repository."""


def image(container: str | None, toolchain: Toolchain) -> dict[str, Value]:
    """`image`: the plan's container, else the official image of the only language that is asked for."""
    chosen = toolchain.chosen()
    if container is None and len(chosen) == 1:
        ((language, version),) = chosen.items()
        container = f"{_IMAGES[language]}:{version.replace('+', '_')}"
    return {} if container is None else {"image": container}


def without_python(pipeline: Pipeline) -> list[str]:
    """The images of official languages in which ci-orchestrator finds no Python of its own, sorted."""
    chosen = (image(stage.container, stage.setup.toolchain) for stage in pipeline.stages if stage.container is None)
    return sorted({str(one["image"]) for one in chosen if one and not str(one["image"]).startswith("python:")})


def services(stage: StageJobs) -> dict[str, Value]:
    """`services`: tests reach them by their names, so that no port is published."""
    entries = [_service(alias, service) for alias, service in stage.services.items()]
    return {"services": entries} if entries else {}


def _service(alias: str, service: Service) -> Value:
    entry: dict[str, Value] = {"name": service.image, "alias": alias}
    return {**entry, "variables": variables(dict(sorted(service.env.items())))} if service.env else entry


def cache(wanted: Cache, root: str, prefix: str, *, strict: bool = True) -> Value:
    """One cache; its key is `prefix`, what it holds, and the files that name it. None when there is nothing to keep.

    Too many files in the key raise `PlanError`, or with `strict` off leave the cache out.
    """
    if not wanted.paths or (not strict and len(wanted.key) > LIMITS["cache-files"]):
        return None
    if len(wanted.key) > LIMITS["cache-files"]:
        refuse(LIMITS, "cache-files", len(wanted.key), "a cache has too many files in its `key`", _FEWER)
    name = re.sub(r"[^a-z0-9]+", "-", " ".join([prefix, *wanted.paths]).lower())[:80].strip("-")
    files = [plain(inside(root, path), "the key of a cache") for path in wanted.key]
    paths = [inside(root, path.replace("~", HOME, 1) if path.startswith("~/") else path) for path in wanted.paths]
    return {"key": {"files": Flow(files), "prefix": name} if files else name, "paths": Flow(paths)}


_FEWER = ("one lock file as the `key`", "the two that change most", "no `cache` for this suite")


def preparation(setup: Setup, secrets: Sequence[str]) -> list[str]:
    """The lines before the tests: what is missing is said first, then the plan's own commands."""
    lines = demanded(secrets)
    lines += _home(setup.cache)
    lines += (_version(language, version) for language, version in setup.toolchain.chosen().items())
    return [*lines, *commands(setup.run)]


def demanded(secrets: Sequence[str]) -> list[str]:
    """Lines that fail where a variable is missing, and say where it belongs."""
    return [f': "${{{name}:?is missing: add it under Settings, CI/CD, Variables}}"' for name in secrets]


def _home(wanted: Cache) -> Iterator[str]:
    """A directory of the home that does not exist becomes a link into the repository, where GitLab can keep it."""
    for path in wanted.paths:
        if path.startswith("~/"):
            here, there = shlex.quote(path.replace("~", HOME, 1)), f'"$HOME"/{shlex.quote(path[2:])}'
            yield (
                f"if [ ! -d {there} ]; then\n"
                f'  mkdir -p {here} "$(dirname {there})"\n'
                f'  ln -sfn "$PWD"/{here} {there}\n'
                "fi\n"
            )


def _version(language: str, version: str) -> str:
    """Says what to do where the language is missing, or of another version."""
    name, command, before = _ASKED[language]
    number = shlex.quote(before + version)
    wrong = shlex.quote(f"This job asks for {name} {version}: give the suite a container, or its runners that version.")
    return f'case "$({command})" in\n  *{number} | *{number}[!0-9]*) ;;\n  *) echo {wrong} >&2; exit 1 ;;\nesac\n'
