"""Steps of a Jenkinsfile, as lines of Groovy, from the parts of a plan. Quoted here, every text of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from ci_orchestrator.plan.environment import Checkout, Setup
from ci_orchestrator.plan.pipeline import refuse
from ci_orchestrator.providers.jenkins import groovy
from ci_orchestrator.providers.jenkins.limits import LIMITS
from ci_orchestrator.providers.shell import commands

_MARGIN = 50
"""Bytes kept for the spaces before a line of a script."""


def environment(env: Mapping[str, str], secrets: Sequence[str], body: Sequence[str], who: str) -> list[str]:
    """`body` with these variables and secrets around it. Jenkins sets the values as they stand, and expands nothing."""
    in_one_list("env", env, who)
    in_one_list("secrets", secrets, who)
    lines = list(body)
    if secrets:
        names = ", ".join(map(groovy.text, secrets))
        lines = [
            f"withCredentials([{names}].collect {{ string(credentialsId: it, variable: it) }}) {{",
            *indented(lines),
            "}",
        ]
    if env:
        for name, value in env.items():
            _size(f"{name}={value}", who)
        pairs = [f"    {groovy.text(f'{name}={value}')}," for name, value in env.items()]
        lines = ["withEnv([", *pairs, "]) {", *indented(lines), "}"]
    return lines


def in_one_list(field: str, names: Collection[str], who: str) -> None:
    """Raises `PlanError` when a list of Groovy cannot have so many elements."""
    if len(names) > LIMITS["list"]:
        ways = ("fewer", "a file that the tests read", "several suites")
        refuse(LIMITS, "list", len(names), f"{who}: `{field}` cannot be one list", ways)


def toolchain(how: Setup) -> list[str]:
    """Jenkins has tools by the names that an administrator gave them: the agents have these, and the reader knows."""
    chosen = ", ".join(f"{name} {version}" for name, version in how.toolchain.chosen().items())
    return [groovy.comment(f"The agents have {chosen}.")] if chosen else []


def checkout(how: Checkout) -> list[str]:
    """As the job is configured; what the plan asks for beyond that, on top."""
    extensions = []
    if how.depth != 1:
        depth = f"shallow: true, depth: {how.depth}" if how.depth else "shallow: false"
        extensions.append(f"cloneOption({depth}, noTags: false, reference: '')")
    if how.submodules:
        extensions.append("submodule(recursiveSubmodules: true, parentCredentials: true)")
    if how.lfs:
        extensions.append("lfs()")
    if not extensions:
        return ["checkout scm"]
    return [
        "checkout scmGit(",
        "    branches: scm.branches,",
        "    extensions: scm.extensions + [",
        *(f"        {extension}," for extension in extensions),
        "    ],",
        "    userRemoteConfigs: scm.userRemoteConfigs)",
    ]


def in_container(image: str | None, body: Sequence[str]) -> list[str]:
    """`body` in a container, where one is asked for."""
    return [f"docker.image({groovy.text(image)}).inside {{", *indented(body), "}"] if image else list(body)


def shell(title: str, lines: Sequence[str], who: str) -> list[str]:
    """Steps that run these lines, as few as text constants allow. None for no lines."""
    steps: list[list[str]] = []
    room = 0
    for line in lines:
        size = _size(line, who)
        if size > room:
            room = LIMITS["constant"]
            steps.append([])
        room -= size
        steps[-1].append(line)
    return [f"sh label: {groovy.text(title)}, script: {groovy.block(step, 0)}" for step in steps]


def setup(how: Setup, who: str) -> list[str]:
    """The commands of a `setup`."""
    return shell("set up", commands(how.run), who)


def seconds(value: float) -> int:
    """Whole seconds, one at least."""
    return max(1, math.ceil(value))


def on_agent(where: str, limit: int, body: Sequence[str]) -> list[str]:
    """`body` on an agent, for so many seconds at most."""
    return [f"onAgent({groovy.text(where)}, {limit}) {{", *indented(body), "}"]


def in_root(root: str, body: Sequence[str]) -> list[str]:
    """`body` in the project's directory."""
    return list(body) if root == "." else [f"dir({groovy.text(root)}) {{", *indented(body), "}"]


def indented(lines: Sequence[str]) -> list[str]:
    """Four spaces further in; the lines of a text in blocks come as one."""
    return ["\n".join(f"    {part}" if part else part for part in line.split("\n")) for line in lines]


def _size(value: str, who: str) -> int:
    """Bytes that it takes in a text constant. Raises `PlanError` when they are more than one can have."""
    if (size := groovy.size(value) + _MARGIN) > LIMITS["constant"]:
        ways = ("a shorter one", "a script in the repository", "a file that the tests read")
        refuse(LIMITS, "constant", size, f"{who}: a command or a value is too long", ways)
    return size
