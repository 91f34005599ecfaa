"""What earlier builds said of every test: durations for estimates, outcomes for trends.

A backend satisfies `history.base.Store`; `plugins.load("history", name, BACKENDS)` gives its class.
"""

BACKENDS: dict[str, str] = {
    "memory": "ci_orchestrator.history.memory:MemoryHistory",
    "sqlite": "ci_orchestrator.history.sqlite:SqliteHistory",
}
