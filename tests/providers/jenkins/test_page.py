"""The page about Jenkins names what a Jenkinsfile needs."""

from __future__ import annotations

from parts import PROJECT
from providers.jenkins import plans

ASKS_FOR_ALL = """
suites:
  s: {tool: pytest, secrets: [A], container: python, coverage: {report: coverage.xml}}
"""


def test_every_plugin_is_on_the_page() -> None:
    head = next(line for line in plans.rendered(plans.dynamic(ASKS_FOR_ALL)).splitlines() if "Plugins:" in line)
    plugins = head.partition(": ")[2].rstrip(".").split(", ")
    rows = [
        line for line in (PROJECT / "docs/how-to/jenkins.md").read_text("utf-8").splitlines() if line.startswith("|")
    ]
    listed = {plugin.strip() for row in rows for plugin in row.split("|")[1].split(",")}
    assert set(plugins) <= listed
    assert len(plugins) == 9
