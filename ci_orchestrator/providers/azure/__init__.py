"""Azure Pipelines: its limits, and how a pipeline is written as one stage of jobs."""
