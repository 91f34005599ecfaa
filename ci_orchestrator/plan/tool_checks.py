"""Whether a suite's fields make sense to its test tool."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.plan.builder import Path
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.models import Suite

OURS = {
    "go": frozenset({"-json", "-list", "-run", "-skip"}),
    "jest": frozenset({"--json", "--outputFile", "--runTestsByPath", "--shard", "--testNamePattern", "-t"}),
    "playwright": frozenset({"--list", "--shard", "--test-list", "--test-list-invert"}),
    "vitest": frozenset({"--outputFile", "--reporter", "--shard", "--testNamePattern", "-t"}),
}
"""Arguments by which we say ourselves which tests run, and where their results go."""

COVERAGE = {
    "go": ("a Go profile", "coverage.out", ("-cover",)),
    "jest": ("LCOV", "lcov.info", ("--coverage", "--collectCoverage")),
    "vitest": ("LCOV", "lcov.info", ("--coverage",)),
}
"""What the tool is made to write as coverage, a name for it, and how arguments begin that say otherwise."""


def tool_findings(suite: Suite) -> Iterator[Finding]:
    """What the suite says that its tool cannot follow, and what it does not say and the tool needs."""
    yield from _commands(suite)
    place: Path = ("suites", suite.name)
    if suite.tool not in ("command", "pytest") and suite.python is not None:
        fix = "remove it; only pytest runs in an interpreter of the suite's"
        yield Finding((*place, "python"), f"`python` means nothing to the tool `{suite.tool}`", fix, key=True)
    for index, argument in enumerate(suite.args):
        if argument.partition("=")[0] in OURS.get(suite.tool, ()):
            fix = "remove it; `paths` say where tests are, and ci-orchestrator runs exactly those of each job"
            yield Finding((*place, "args", index), f"`{argument[:100]}` is ci-orchestrator's own to say", fix)
    yield from _coverage(suite)


def _commands(suite: Suite) -> Iterator[Finding]:
    place: Path = ("suites", suite.name)
    commands = {"list": suite.list_command, "run": suite.run_command}
    if suite.tool == "command":
        for field in (field for field, command in commands.items() if command is None):
            yield Finding(place, f"`{field}` is missing", f"the tool `command` needs `{field}:`, a command", key=True)
        own = {"paths": suite.paths, "args": suite.args, "python": suite.python}
        for field in (field for field, value in own.items() if value):
            fix = "remove it, or put it into the command"
            yield Finding((*place, field), f"`{field}` means nothing to the tool `command`", fix, key=True)
        return
    for field in (field for field, command in commands.items() if command is not None):
        fix = "remove it, or write `tool: command`"
        yield Finding((*place, field), f"`{field}` means nothing to the tool `{suite.tool}`", fix, key=True)


def _coverage(suite: Suite) -> Iterator[Finding]:
    """Providers take a name that ends in .xml for Cobertura."""
    if suite.coverage is None or not suite.coverage.report.endswith(".xml") or suite.tool not in COVERAGE:
        return
    written, name, options = COVERAGE[suite.tool]
    if not any(argument.startswith(options) for argument in suite.args):
        yield Finding(
            ("suites", suite.name, "coverage", "report"),
            f"the coverage of the tool `{suite.tool}` is {written}, which is no XML",
            f"call the file {name}, or write the options of coverage into `args` yourself",
        )
