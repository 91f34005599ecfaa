"""GitLab's walls. GitLab.com's where they differ; administrators of other instances can move most of them."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Wall

_READ = "2026-11-21"
_DOCS = "https://docs.gitlab.com"
_INSTANCE = f"{_DOCS}/administration/cicd/limits/"
_COM = f"{_DOCS}/user/gitlab_com/#cicd"
_YAML = f"{_DOCS}/ci/yaml/"
_REPORTS = f"{_DOCS}/ci/testing/unit_test_reports/"


def _wall(value: int, unit: str, source: str) -> Wall:
    return Wall(value, unit, source, _READ)


LIMITS = Limits(
    "GitLab",
    {
        "matrix": _wall(200, "jobs of one `parallel`", f"{_YAML}#parallel"),
        "jobs": _wall(100_000, "jobs in active pipelines (Ultimate; Premium 20,000, trials 1,000, Free 500)", _COM),
        "bytes": _wall(5 * 1024 * 1024, "bytes of a generated child pipeline", _INSTANCE),
        "memory": _wall(2 * 1024 * 1024, "bytes of memory for one YAML file", _INSTANCE),
        # Every instance of a parallel job counts: https://gitlab.com/gitlab-org/gitlab/-/issues/419720
        "needs": _wall(50, "needs of one job", _INSTANCE),
        "name": _wall(255, "characters of a job's name", "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/73559"),
        "needed-name": _wall(
            128, "characters of a needed job's name", "https://gitlab.com/gitlab-org/gitlab/-/issues/420669"
        ),
        "depth": _wall(2, "levels of child pipelines", f"{_DOCS}/ci/pipelines/downstream_pipelines/"),
        "retry": _wall(2, "retries of a job", f"{_YAML}#retry"),
        "timeout": _wall(2_591_940, "seconds of a job (less than 30 days)", _INSTANCE),
        "caches": _wall(4, "caches of a job", _INSTANCE),
        "cache-files": _wall(2, "files that name a cache", f"{_YAML}#cachekeyfiles"),
        "dotenv-bytes": _wall(5 * 1024, "bytes of a dotenv file", _INSTANCE),
        "dotenv-variables": _wall(20, "variables of a dotenv file", _INSTANCE),
        "junit-file": _wall(30_000_000, "bytes of a JUnit file", _REPORTS),
        "junit-job": _wall(100_000_000, "bytes of a job's JUnit files", _REPORTS),
        # The report downloads one artifact a job, one after another.
        "downloads": _wall(
            2_000, "requests a minute of one user", f"{_DOCS}/user/gitlab_com/#rate-limits-on-gitlabcom"
        ),
    },
)
