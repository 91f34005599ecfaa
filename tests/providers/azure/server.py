"""What Azure makes of conditions: which jobs start, given how others ended, and which steps. There is no engine to ask.

By https://learn.microsoft.com/azure/devops/pipelines/process/expressions: results are Succeeded, SucceededWithIssues,
Failed, Canceled and Skipped; what was never set is null, and equal to an empty text. Texts are compared without case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w.]*(?:\['[^']+'\])?)|([(),]))")
PASSED = ("Succeeded", "SucceededWithIssues")


def run(
    jobs: Mapping[str, Mapping[str, Any]],
    ends: Mapping[str, str],
    outputs: Mapping[str, str],
    canceled: bool = False,
) -> dict[str, str]:
    """Job → its result. `ends`: of those that start (else they succeed). `outputs`: ``job.step.name`` → value."""
    results: dict[str, str] = {}
    for name, job in jobs.items():
        depends = job.get("dependsOn", [])
        assert set(depends) <= set(results), f"{name} waits for what comes later"
        results[name] = ends.get(name, "Succeeded") if starts(job, results, outputs, canceled) else "Skipped"
    return results


def starts(
    job: Mapping[str, Any], results: Mapping[str, str], outputs: Mapping[str, str], canceled: bool = False
) -> bool:
    """Whether a job starts after those that have `results`."""
    depends = job.get("dependsOn", [])
    return _Condition(job.get("condition", "succeeded()"), depends, results, outputs, canceled, {}).value()


def goes(step: Mapping[str, Any], job: str, variables: Mapping[str, str]) -> bool:
    """Whether a step runs, given how the job has fared so far. `variables`: by their names in the environment."""
    condition = step.get("condition", "succeeded()")
    return _Condition(condition, ["the job"], {"the job": job}, {}, False, variables).value()


class _Condition:
    def __init__(
        self,
        text: str,
        depends: list[str],
        results: Mapping[str, str],
        outputs: Mapping[str, str],
        canceled: bool,
        variables: Mapping[str, str],
    ) -> None:
        self._tokens = _tokens(text)
        self._depends = depends
        self._results = results
        self._outputs = outputs
        self._canceled = canceled
        self._variables = variables

    def value(self) -> bool:
        value = self._expression()
        assert next(self._tokens, None) is None, "something follows"
        return bool(value)

    def _expression(self) -> Any:
        kind, text = next(self._tokens)
        if kind == "text":
            return text
        if text.startswith("dependencies."):
            return self._dependency(text)
        if text.startswith("variables['"):
            return self._variables.get(text[len("variables['") : -len("']")].replace(".", "_").upper(), "")
        assert next(self._tokens) == ("sign", "("), text
        return self._functions()[text](*self._arguments())

    def _arguments(self) -> list[Any]:
        values: list[Any] = []
        while True:
            token = next(self._tokens)
            if token == ("sign", ")"):
                return values
            if token != ("sign", ","):
                self._tokens = _chain(token, self._tokens)
            values.append(self._expression())

    def _dependency(self, text: str) -> str:
        _, job, what = text.split(".", 2)
        assert job in self._depends, f"{job} is no dependency"
        if what == "result":
            return self._results[job]
        name = what.removeprefix("outputs['").removesuffix("']")
        return self._outputs.get(f"{job}.{name}", "")

    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "and": lambda *all_: all(all_),
            "or": lambda *some: any(some),
            "not": lambda one: not one,
            "eq": lambda one, other: one.lower() == other.lower(),
            "ne": lambda one, other: one.lower() != other.lower(),
            "always": lambda: True,
            "in": lambda one, *others: one in others,
            "canceled": lambda: self._canceled,
            "succeeded": self._succeeded,
        }

    def _succeeded(self, *names: str) -> bool:
        assert set(names) <= set(self._depends), names
        return all(self._results[name] in PASSED for name in names or self._depends)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        assert match is not None, f"no expression: {text[at:]!r}"
        at = match.end()
        literal, name, sign = match.groups()
        yield ("text", literal) if literal is not None else ("name", name) if name else ("sign", sign)


def _chain(first: tuple[str, str], rest: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield first
    yield from rest
