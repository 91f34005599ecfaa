"""What every adapter does with a provider that misbehaves: success in the end or one clear error, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from servers.asking import FILES, MARKER, fetched, forge_of, named
from servers.base import BUILD, CHANGE, REPOSITORY, TOKEN, Asked, Fault, Server

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.sticky import post
from ci_orchestrator.providers.transfer import fetch

PASSING = (Fault.LIMITED, Fault.FAILED, Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.CUT, Fault.TRUNCATED)


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name.lower())
def test_what_passes_is_waited_for(online: Server, kind: Fault, tmp_path: Path) -> None:
    online.add_artifact("dtf-unit-1", FILES)
    host = online.host()
    online.fault(kind)
    artifact = named(host, "dtf-unit-1")
    online.fault(kind)
    assert fetched(host, artifact, tmp_path / "unit") == FILES


def once_after(online: Server, requests: int, change: Callable[[], object]) -> None:
    """Have `change` made before the request that follows so many."""
    seen = len(online.asked) + requests

    def before(asked: Asked) -> None:
        if len(online.asked) == seen:
            online.before = lambda _: None
            change()

    online.before = before


@pytest.mark.parametrize("requests", [1, 2])
def test_artifacts_that_come_while_pages_are_read_hide_none_and_double_none(online: Server, requests: int) -> None:
    names = sorted(f"dtf-unit_{number:03}-1" for number in range(230))
    for name in names:
        online.add_artifact(name, {"manifest.json": b"{}"})
    once_after(online, requests, lambda: online.add_artifact("late", FILES))
    found = [artifact.name for artifact in online.host().artifacts()]
    assert [name for name in found if name != "late"] == names
    assert found.count("late") <= 1


@pytest.mark.parametrize("requests", [1, 2])
def test_comments_that_come_while_pages_are_read_hide_none_and_double_none(online_wall: Server, requests: int) -> None:
    ids = [online_wall.add_comment(f"comment {number}") for number in range(230)]
    once_after(online_wall, requests, lambda: online_wall.add_comment("late"))
    found = [comment.id for comment in forge_of(online_wall).comments(CHANGE)]
    assert found == sorted(set(found))
    assert found[: len(ids)] == ids


@pytest.mark.parametrize(
    "kind", [Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.NOT_FOUND], ids=lambda kind: kind.name.lower()
)
def test_a_refusal_says_what_was_refused_and_what_mends_it(online: Server, kind: Fault) -> None:
    online.fault(kind, times=9)
    with pytest.raises(ProviderError) as caught:
        list(online.host().artifacts())
    assert str(kind.value) in caught.value.what
    assert REPOSITORY.rpartition("/")[2] in caught.value.what
    assert caught.value.fix
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize("kind", [Fault.FAILED, Fault.CUT], ids=lambda kind: kind.name.lower())
def test_what_does_not_pass_ends_in_one_clear_error(online: Server, kind: Fault) -> None:
    online.fault(kind, times=99)
    with pytest.raises(ProviderError) as caught:
        list(online.host().artifacts())
    assert caught.value.fix
    assert TOKEN not in str(caught.value)


def test_an_answer_that_is_no_json_is_an_error_of_the_provider(online: Server) -> None:
    online.fault(Fault.GARBLED, times=99)
    with pytest.raises(ProviderError):
        list(online.host().artifacts())


@pytest.mark.parametrize("kind", [Fault.SHORT, Fault.GARBLED, Fault.TRUNCATED], ids=lambda kind: kind.name.lower())
def test_a_download_that_never_comes_whole_leaves_nothing(online: Server, kind: Fault, tmp_path: Path) -> None:
    online.add_artifact("dtf-unit-1", FILES)
    host = online.host()
    artifact = named(host, "dtf-unit-1")
    online.fault(kind, times=99)
    with pytest.raises(ProviderError):
        fetch(host, artifact, tmp_path / "unit", clock=FakeClock())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "kind", [Fault.UNAVAILABLE, Fault.LIMITED, Fault.LOST, Fault.FAILED, Fault.CUT], ids=lambda kind: kind.name.lower()
)
def test_nothing_is_posted_twice(online_wall: Server, kind: Fault) -> None:
    forge = forge_of(online_wall)
    online_wall.fault(kind, on="^POST ")
    with suppress(ProviderError):
        post(forge, CHANGE, MARKER, "red")
    assert len(online_wall.bodies()) <= 1
    post(forge, CHANGE, MARKER, "green")
    assert [body.splitlines()[-1] for body in online_wall.bodies()] == ["green"]


def test_a_token_that_may_only_read_posts_nothing_and_says_what_it_needs(online_wall: Server) -> None:
    forge = forge_of(online_wall)
    online_wall.fault(Fault.FORBIDDEN, times=9, on="^(POST|PUT|PATCH) ")
    with pytest.raises(ProviderError) as caught:
        post(forge, CHANGE, MARKER, "red")
    assert "403" in caught.value.what
    assert caught.value.fix
    assert online_wall.bodies() == []


def test_the_token_goes_to_the_provider_and_nowhere_else(online: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    online.add_artifact("dtf-unit-1", FILES)
    host = online.host()
    list(host.artifacts())
    assert online.asked
    assert not [asked for asked in online.asked if TOKEN in asked.path or TOKEN in str(asked.query)]
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(host)
    assert TOKEN not in repr(vars(host) if hasattr(host, "__dict__") else host)


def test_the_current_build_is_the_one_that_was_told(online: Server) -> None:
    list(online.host().artifacts())
    assert any(BUILD in asked.path or BUILD in str(asked.query) for asked in online.asked)
