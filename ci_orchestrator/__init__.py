"""ci-orchestrator: one test plan, run on any CI provider or on this machine, certified complete."""

__version__ = "0.1.0"
