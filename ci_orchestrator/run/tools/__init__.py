"""Test tools: how to list and run the tests of a suite. One small file each, and one line here."""

TOOLS = {
    "command": "ci_orchestrator.run.tools.command:CommandTool",
    "pytest": "ci_orchestrator.run.tools.pytest:PytestTool",
}
