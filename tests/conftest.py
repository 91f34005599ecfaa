from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

# A shell without job control starts what it puts into the background with interrupts ignored, and children inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Wherever these tests run, what they run is in no pipeline: it must not write outputs and summaries of this one.
for variable in ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL"):
    os.environ.pop(variable, None)

settings.register_profile(
    "ci",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
    # a change lands or not by what it is, not by chance; we search at our desks
    derandomize=bool(os.environ.get("CI") or os.environ.get("CI_ORCHESTRATOR_STRICT") == "1"),
)
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def _plain_pytest():
    """The pytest of small projects loads none of the plugins that stand beside ours: they are half of its start.

    A fixture, as the workers of this very run are started before, and need theirs. Who wants plugins deletes it.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
