"""GitHub Actions: its limits, and how a pipeline is written as a workflow."""
