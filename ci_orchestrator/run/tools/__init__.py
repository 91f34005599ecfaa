"""Test tools: how to list and run the tests of a suite. One small file each, and one line here."""

_HERE = "ci_orchestrator.run.tools"

TOOLS = {
    "command": f"{_HERE}.command:CommandTool",
    "go": f"{_HERE}.go:GoTool",
    "jest": f"{_HERE}.jest:JestTool",
    "playwright": f"{_HERE}.playwright:PlaywrightTool",
    "pytest": f"{_HERE}.pytest:PytestTool",
    "vitest": f"{_HERE}.vitest:VitestTool",
}
