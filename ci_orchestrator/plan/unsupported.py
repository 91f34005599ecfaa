"""What plans may say one day and this release cannot do yet: refused as such, never ignored. The only such list."""

from __future__ import annotations

TOP = "plan"
PIPELINE = "pipeline"
SUITE = "suite"

FIELDS: dict[str, dict[str, str]] = {
    TOP: {
        "currency": "the currency of prices",
        "gates": "decisions between stages and at the end",
        "notify": "messages to chat and mail",
        "quotas": "shares of runners between teams",
        "report": "what the report reads and where it is published",
        "results": "user-defined pipelines over results",
    },
    PIPELINE: {
        "concurrency": "what happens to older builds of the same change",
        "fail-fast": "stopping at the first failure",
        "trigger": "what starts the provider's pipeline",
    },
    SUITE: {
        "coverage": "coverage files and their paths",
        "deadline": "a time by which the suite must be done",
        "gate": "the gate between the stages of a suite",
        "secrets": "names of secrets that the tests need",
        "services": "containers beside the tests",
        "setup": "how a CI job gets ready",
        "stages": "running a suite in growing parts",
    },
}

TOOLS: dict[str, str] = {
    "go": "go test",
    "jest": "Jest",
    "playwright": "Playwright Test",
    "vitest": "Vitest",
}
