"""Jenkins: declarative pipelines."""
