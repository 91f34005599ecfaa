"""What a hostile test, branch, file or build could be called, and a report in which everything is called so."""

from __future__ import annotations

from dataclasses import replace

from rich_samples import everywhere

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Outcome, Totals
from ci_orchestrator.results.report import Certificate, GateSummary, Links, Report, TrendPoint

TOKEN = "zzpwn"
"""Stands in each attack: whatever of it is seen outside of code, got out."""

ATTACKS = {
    "html": f"<script>window.{TOKEN}=1</script><img src=x onerror={TOKEN}()>",
    "closing": f"</code></pre></summary></details></td></table><h1>{TOKEN}</h1>",
    "comment": f"--><b>{TOKEN}</b><!--",
    "attribute": f"\"><svg onload={TOKEN}()> ' onmouseover='{TOKEN}()",
    "entities": f"&lt;b&gt;{TOKEN}&lt;/b&gt; &#60;i&#62; &copy;",
    "cdata": f"<![CDATA[{TOKEN}]]> <?php {TOKEN} ?> <!DOCTYPE {TOKEN}>",
    "mention": f"@{TOKEN} @org/{TOKEN} cc @everyone",
    "issue": f"#1 GH-1 org/repo#1 !1 ~{TOKEN} %1 $1 &1",
    "autolink": f"http://{TOKEN}.example www.{TOKEN}.example ftp://{TOKEN}.example",
    "email": f"{TOKEN}@example.org mailto:{TOKEN}@example.org xmpp:{TOKEN}@example.org/x",
    "angle": f"<https://{TOKEN}.example> <{TOKEN}@example.org>",
    "link": f"[{TOKEN}](https://example.org) ![{TOKEN}](https://example.org/x.png) [x]({TOKEN})",
    "javascript": f"javascript:{TOKEN}() [x](javascript:{TOKEN}) data:text/html,{TOKEN}",
    "reference": f"[{TOKEN}]: https://example.org\n\n[{TOKEN}]",
    "emphasis": f"**{TOKEN}** _{TOKEN}_ ~~{TOKEN}~~ __{TOKEN}__",
    "code": f"`{TOKEN}` ``{TOKEN}",
    "many ticks": "`" * 81 + TOKEN,
    "fence": f"```\n{TOKEN}\n~~~\n\n# {TOKEN}",
    "cells": f"| {TOKEN} | x |\n| --- | --- |\n\\| {TOKEN}",
    "block": f"\n\n# {TOKEN}\n\n- [x] {TOKEN}\n\n> {TOKEN}\n\n***\n\n1. {TOKEN}\n\n    {TOKEN}\n\n{TOKEN}\n===",
    "footnote": f"[^1]\n\n[^1]: {TOKEN}",
    "math": f"$`{TOKEN}`$ $$\\frac{{{TOKEN}}}$$ :tada: [[_TOC_]] ::include{{file={TOKEN}}}",
    "quick action": f"\n/close\n/label ~{TOKEN}\n/approve",
    "workflow command": f"\n::error::{TOKEN}\n  ::add-mask::{TOKEN}\n##vso[task.setvariable]{TOKEN}\n##[group]{TOKEN}",
    "terminal": f"\x1b[31m{TOKEN}\x1b[0m\x1b]0;{TOKEN}\x07\x1b[2J\x9b1A\r{TOKEN}",
    "bidi": f"{TOKEN}\u202egpj.exe\u2066\u200f\u061c\ufeff\u200b",
    "breaks": f"{TOKEN}\u2028x\u2029y\x85z\x0bw\x0cv\x00u",
    "surrogate": f"\ud800{TOKEN}\udfff\U000e0041",
    "mermaid": f'"] {TOKEN} %%{{init: {{}}}}%%\n```\n<b>{TOKEN}</b>',
    "path": f"../../{TOKEN}/../etc/passwd",
    "address": f"https://user@evil.example/{TOKEN}",
    "template": "{{ title.__class__ }} {% for %} " + TOKEN,
    "long": f"<b>{TOKEN}&`|@" * 8,
}

SOURCE = "https://forge.example/shop/blob/1/{path}#L{line}"


def attacked(text: str, *, hostile_links: bool = False) -> Report:
    """A report that says `text` wherever anything from outside is said."""
    attempt = Attempt(
        outcome=Outcome.FAILED,
        job=text,
        worker=text,
        duration=1.0,
        message=text,
        details=f"{text}\nend",
        file=text,
        line=7,
    )
    silent = replace(attempt, details="", stderr=f"{text}\nend")
    skipped = replace(attempt, outcome=Outcome.SKIPPED)
    retried = (replace(attempt, number=1), replace(attempt, outcome=Outcome.PASSED, number=2))
    results = [
        result(f"a::{text}::{text}x", [attempt]),
        result(f"b::p::{text}x", [silent]),
        result(f"c::p::{text}x", [], text),
        result(f"d::p::{text}x", retried),
        result(f"e::p::{text}x", [skipped]),
    ]
    report = Report(
        title=text,
        revision=text,
        branch=text,
        wall=1.0,
        tool_version=text,
        totals=totals(results),
        results=tuple(sorted(results, key=lambda one: one.id)),
        certificate=Certificate(certified=True, planned=5, reported=4, missing=(text,)),
        trend=tuple(
            TrendPoint(build=text, started=0.0, totals=Totals(passed=3, failed=number), duration=2.0)
            for number in range(3)
        ),
        gates=tuple(GateSummary(gate=text, name=text, stage=text, why=text) for _ in range(2)),
        warnings=(text,) * 3,
        exit_code=ExitCode.TESTS_FAILED,
    )
    report = everywhere(report, (text,) * 5)
    bad = Links(source=text, build=text, report=text, artifacts=text, images=f"javascript:{text}")
    good = Links(source=SOURCE, report="https://ci.example/r", build="https://ci.example/b")
    return replace(report, links=bad if hostile_links else good)
