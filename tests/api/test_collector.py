from __future__ import annotations

import gc

import pytest

from ci_orchestrator.api.collector import collector_at_rest


@collector_at_rest()
def breaks_while_it_rests() -> None:
    raise ValueError("it rests" if not gc.isenabled() else "it works")


def test_the_collector_works_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="it rests"):
        breaks_while_it_rests()
    assert gc.isenabled()


def test_a_rest_within_a_rest_does_not_end_it() -> None:
    with collector_at_rest():
        with collector_at_rest():
            pass
        inside = gc.isenabled()
    assert (inside, gc.isenabled()) == (False, True)
