"""What a token needs is said once: the page has a row for everything that is asked, and nothing else is asked."""

from __future__ import annotations

import ast
import re

import pytest
from parts import PROJECT
from servers.gitlab_contract import operations

from ci_orchestrator.providers.gitlab.permissions import Asks

LINE = PROJECT / "ci_orchestrator/providers/gitlab/line.py"
OPERATIONS = {
    Asks.CHECK: {"get_project", "get_token"},
    Asks.ARTIFACTS: {"list_jobs"},
    Asks.DOWNLOAD: {"download_archive"},
    Asks.DELETE: {"delete_archive"},
    Asks.BUILD: {"get_commit", "get_pipeline", "list_versions"},
    Asks.BUILDS: {"list_bridges", "list_pipelines"},
    Asks.RUNNERS: {"get_runner", "list_runners"},
    Asks.COMMENTS: {"list_notes", "get_user"},
    Asks.COMMENT: {"create_note", "delete_note", "update_note"},
    Asks.CHANGE: {"get_change", "list_changes", "list_changes_of_commit"},
    Asks.STATUSES: {"list_statuses"},
    Asks.STATUS: {"set_status"},
    Asks.ATTACH: {"upload"},
}


def test_the_page_has_a_row_for_each() -> None:
    page = (PROJECT / "docs/how-to/gitlab.md").read_text("utf-8")
    table = page.partition("| what is asked |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| `(\w+)` \| (\w+) \| (yes|no) \|$", table, re.MULTILINE)
    asks = [one.value for one in Asks]
    assert rows == [(one.what, one.scope, one.role, "yes" if one.job else "no") for one in asks]


def test_everything_is_asked_for_by_somebody() -> None:
    tree = ast.parse(LINE.read_text("utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Asks"
    }
    assert used == {one.name for one in Asks}


def test_every_operation_is_of_a_permission() -> None:
    assert sorted(name for names in OPERATIONS.values() for name in names) == sorted(one.name for one in operations())


@pytest.mark.parametrize("asks", Asks, ids=lambda one: one.name.lower())
def test_a_jobs_own_token_may_what_gitlab_lets_it(asks: Asks) -> None:
    mine = [one for one in operations() if one.name in OPERATIONS[asks] - {"get_user"}]
    assert {one.job for one in mine} == {asks.value.job}


@pytest.mark.parametrize("asks", Asks, ids=lambda one: one.name.lower())
def test_what_changes_something_takes_the_whole_scope(asks: Asks) -> None:
    mine = [one for one in operations() if one.name in OPERATIONS[asks]]
    assert {one.method == "GET" for one in mine} == {asks.value.scope == "read_api"}
