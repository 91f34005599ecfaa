from __future__ import annotations

import gc

import pytest

from ci_orchestrator.api.collector import collector_at_rest


def test_the_collector_works_again_after_an_error():
    with pytest.raises(ValueError, match="broken"), collector_at_rest():
        assert not gc.isenabled()
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_rest_within_a_rest_does_not_end_it():
    with collector_at_rest():
        with collector_at_rest():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
