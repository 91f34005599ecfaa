"""A job of GitLab CI, from inside.

Sources: https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv (one variable a line, no quotation,
no lines in values, 5 KB), https://docs.gitlab.com/ci/variables/predefined_variables/ (`CI_*`), …/ci/jobs/ci_job_token/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Finding, Place, source_path
from ci_orchestrator.providers.gitlab import quality
from ci_orchestrator.providers.online import Annotation
from ci_orchestrator.providers.remotes import place_of
from ci_orchestrator.providers.shell import REPORT, STATE
from ci_orchestrator.results.report import NO_LINKS, Links

DOTENV = f"{STATE}/gate.env"
"""Where outputs are left, for ``artifacts: reports: dotenv``."""
QUALITY = "gl-code-quality-report.json"
"""Where, in the report's directory, annotations are left for ``artifacts: reports: codequality``."""
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:%/+()-]")
_LONGEST = 400
TOKENS = ("GITLAB_TOKEN", "CI_JOB_TOKEN")
"""Variables with a token, the first that is set counts: one that somebody made for us, else the job's own."""
WRITING = TOKENS[:1]
"""Those of them that a comment or a status can be written with."""

_EVENTS = {
    "push": "push",
    "merge_request_event": "change",
    "external_pull_request_event": "change",
    "schedule": "schedule",
    **dict.fromkeys(("api", "chat", "pipeline", "trigger", "web", "webide"), "manual"),
}
"""By ``CI_PIPELINE_SOURCE`` (https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable)."""
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+", re.ASCII)
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^/|^-|//|/$")


@dataclass(frozen=True, slots=True)
class GitlabCi:
    """See `providers.base.Ci`. GitLab does not count attempts: a job that is tried again is a new job."""

    root: Path
    links: Links = NO_LINKS
    within: str = ""
    """The path of `root` in the repository, with a slash at its end."""
    attempt: None = None
    name: str = "gitlab"

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path) -> GitlabCi:
        """From the variables that the runner sets (https://docs.gitlab.com/ci/variables/predefined_variables/)."""
        project, revision = environ.get("CI_PROJECT_URL", ""), environ.get("CI_COMMIT_SHA", "")
        job = environ.get("CI_JOB_URL", "")
        place = source_path(environ, "CI_PROJECT_DIR", root)
        links = Links(
            source=f"{project}/-/blob/{revision}/{place}#L{{line}}" if project and revision else "",
            build=environ.get("CI_PIPELINE_URL", ""),
            artifacts=f"{job}/artifacts/browse" if job else "",
        )
        return cls(root, links, unquote(place.removesuffix("{path}")))

    def publish(self, values: Mapping[str, str]) -> None:
        """As ``GATE_<NAME>`` in the dotenv file. It has no quotation, so of each value only what is plain text is kept;
        variables may be expanded where they are used, and ``$`` is no plain text.
        """
        path = self.root / DOTENV
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"GATE_{name.upper()}={_UNSAFE.sub('_', value)[:_LONGEST]}\n" for name, value in sorted(values.items())
        ]
        path.write_text("".join(lines), encoding="ascii")

    def summarise(self, markdown: str) -> None:
        """GitLab has no place for it; the job's log has the summary."""

    def point_out(self, findings: Sequence[Finding]) -> None:
        """As a Code Quality report for the report job, which takes no token: GitLab shows it with the change, at the
        lines. What has no file has no place in it, and stands in the JUnit report.
        """
        path = self.root / REPORT / QUALITY
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(quality.report([self._annotation(one) for one in findings if one.file]))

    def _annotation(self, one: Finding) -> Annotation:
        return Annotation(
            path=f"{self.within}{one.file}",
            line=one.line,
            title=one.title,
            message=one.message,
            failure=one.kind == "error",
        )


class JobToken(Secret):
    """The token of a job. It reads artifacts, merge requests and their notes, and writes nothing that we would."""

    __slots__ = ()


def token(environ: Mapping[str, str]) -> Secret:
    """What a job may show GitLab, by the variables of `TOKENS`; empty when it has none."""
    own, job = (environ.get(name, "").strip() for name in TOKENS)
    return Secret(own) if own else JobToken(job)


def read_context(environ: Mapping[str, str], root: Path) -> Context:  # noqa: ARG001 - as all providers are asked
    """Where a job of GitLab runs, by its predefined variables. What has not the form of its kind is left out."""
    host = _place(environ, "CI_PROJECT_PATH")
    change = _number(environ, "CI_MERGE_REQUEST_IID")
    if not change and _number(environ, "CI_EXTERNAL_PULL_REQUEST_IID"):
        return _external(environ, host)
    revision = _match(_REVISION, environ, "CI_COMMIT_SHA")
    event = _EVENTS.get(environ.get("CI_PIPELINE_SOURCE", ""), "")
    return Context(
        revision=revision,
        branch=_ref(environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME" if change else "CI_COMMIT_BRANCH"),
        event="change" if change else event,  # a child pipeline is told "parent_pipeline", and the merge request
        change=change,
        head=(_match(_REVISION, environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or revision) if change else "",
        base=_ref(environ, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME") if change else "",
        fork=bool(change)
        and _from_fork(environ, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "CI_MERGE_REQUEST_PROJECT_PATH"),
        build=_match(_NUMBER, environ, "CI_PIPELINE_ID"),
        job=_line(environ, "CI_JOB_NAME"),
        host=host,
        forge=_place(environ, "CI_MERGE_REQUEST_PROJECT_PATH") if change else host,
    )


def _external(environ: Mapping[str, str], host: Place | None) -> Context:
    """A pull request at GitHub that GitLab runs (https://docs.gitlab.com/ci/ci_cd_for_external_repos/)."""
    source, target = "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"
    revision = _match(_REVISION, environ, "CI_COMMIT_SHA")
    return Context(
        revision=revision,
        branch=_ref(environ, "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"),
        event="change",
        change=_number(environ, "CI_EXTERNAL_PULL_REQUEST_IID"),
        head=_match(_REVISION, environ, "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA") or revision,
        base=_ref(environ, "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"),
        fork=_from_fork(environ, source, target),
        build=_match(_NUMBER, environ, "CI_PIPELINE_ID"),
        job=_line(environ, "CI_JOB_NAME"),
        host=host,
        forge=place_of(f"https://github.com/{environ.get(target, '')}", known={}),
    )


def _from_fork(environ: Mapping[str, str], source: str, target: str) -> bool:
    """Whether the source is another repository than the target, or not known: then it is not trusted either."""
    return not environ.get(source) or environ[source] != environ.get(target)


def _place(environ: Mapping[str, str], project: str) -> Place | None:
    api, web = _address(environ, "CI_API_V4_URL"), _address(environ, "CI_SERVER_URL")
    repository = _match(_PROJECT, environ, project)
    if not repository or not (api or web):
        return None
    site = web or api.removesuffix("/api/v4")
    return Place(kind="gitlab", api=api or f"{site}/api/v4", web=site, repository=repository)


def _address(environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "").rstrip("/")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    plain = value.isascii() and value.isprintable() and not set(value) & set(" @?#<>\"'\\")
    return value if good and plain else ""


def _match(form: re.Pattern[str], environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "")
    return value if len(value) <= _LONGEST and form.fullmatch(value) else ""


def _number(environ: Mapping[str, str], variable: str) -> int:
    return int(_match(_NUMBER, environ, variable) or 0)


def _ref(environ: Mapping[str, str], variable: str) -> str:
    """A branch, when it is one that git could have (https://git-scm.com/docs/git-check-ref-format)."""
    value = environ.get(variable, "")
    return value if len(value) <= _LONGEST and value.isprintable() and not _NO_REF.search(value) else ""


def _line(environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "")
    return value if len(value) <= _LONGEST and value.isprintable() else ""
