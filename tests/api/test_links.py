"""Addresses that a command line gives to a report."""

from __future__ import annotations

import pytest

from ci_orchestrator.api.links import with_links
from ci_orchestrator.errors import UserError
from ci_orchestrator.results.report import NO_LINKS


def test_what_the_command_line_says_wins():
    known = with_links(NO_LINKS, ["build=https://ci.example/1", "report=https://ci.example/r"])
    told = with_links(known, ["build=https://ci.example/2?a=b#c", "build=https://ci.example/2?a=b#c"])
    assert (told.build, told.report) == ("https://ci.example/2?a=b#c", "https://ci.example/r")


@pytest.mark.parametrize(
    "told",
    ["build", "build=", "build=ftp://a", "build=https://", "build=https:///a", "build=javascript:1", "guild=https://a"],
)
def test_what_is_no_link_is_refused(told):
    with pytest.raises(UserError, match="KIND=URL"):
        with_links(NO_LINKS, [told])


def test_two_addresses_of_one_kind_are_refused():
    with pytest.raises(UserError, match="--link build=… is given twice"):
        with_links(NO_LINKS, ["build=https://a", "build=https://b"])


@pytest.mark.parametrize("user", ["user:hunter2", "hunter2", ":hunter2"])
def test_an_address_with_credentials_is_refused_and_not_repeated(user):
    with pytest.raises(UserError, match="password") as caught:
        with_links(NO_LINKS, [f"build=https://{user}@ci.example/1"])
    assert "hunter2" not in str(caught.value)
    assert with_links(NO_LINKS, ["build=https://ci.example/@me"]).build == "https://ci.example/@me"


def test_the_sources_need_a_path():
    with pytest.raises(UserError, match=r"\{path\}"):
        with_links(NO_LINKS, ["source=https://a"])
