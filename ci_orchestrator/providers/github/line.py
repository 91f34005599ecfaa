"""PyGithub over a session of ours: its objects and its pages, our patience, and one form of refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count
from typing import Any, TypeVar

import requests
from github.Artifact import Artifact
from github.CheckRun import CheckRun
from github.CommitStatus import CommitStatus
from github.GithubException import BadAttributeException, GithubException
from github.PaginatedList import PaginatedList
from github.Requester import Requester
from github.SelfHostedActionsRunner import SelfHostedActionsRunner

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Mask, Secret
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.github.permissions import Operation
from ci_orchestrator.providers.http import READ, Bearer, explained

VERSION = "2022-11-28"
"""Of GitHub's REST API (https://docs.github.com/rest/about-the-rest-api/api-versions)."""
PAGE = 100
"""Entries of a list in an answer, the most that GitHub gives."""
READINGS = 4
"""How often a list that changes while it is read is begun."""


_SHAPELESS = (AssertionError, AttributeError, BadAttributeException, GithubException, KeyError, TypeError, ValueError)
"""What comes of JSON that has not GitHub's form. It may hold anything, so that nothing of it is shown."""
N = TypeVar("N", Artifact, CheckRun, CommitStatus, SelfHostedActionsRunner)
"""What GitHub counts when it lists it."""


class Line(Requester):
    """What PyGithub's objects talk through. Objects made with it ask for nothing before they are read."""

    def __init__(self, place: Place, token: Secret, session: requests.Session) -> None:
        super().__init__(
            auth=None,  # the session's own, so that the token is in one place
            base_url=place.api,
            timeout=int(READ),
            user_agent="ci-orchestrator",
            per_page=PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            lazy=True,
        )
        session.auth = Bearer(token.reveal())
        self.session = session
        self.place = place
        self.repository = f"/repos/{place.repository}"
        self._mask = Mask([token.reveal()])

    def requestJson(  # noqa: N802, PLR0917 - PyGithub's; everything that is JSON goes through here
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        input: Any | None = None,  # noqa: A002, ANN401
        cnx: object = None,
        follow_302_redirect: bool = False,
    ) -> tuple[int, dict[str, Any], str]:
        """The status, the headers by lower-case names, and the text of an answer.

        Raises what requests raises, also for every status from 300 on and for what is no JSON.
        """
        reading = verb in {"GET", "HEAD"}
        answer = self.session.request(
            verb,
            self.address(url),
            params=parameters,
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION, **(headers or {})},
            json=input,
            allow_redirects=reading,  # elsewhere a redirection may become a GET, and nothing would have been said
        )
        answer.raise_for_status()
        if answer.is_redirect:
            raise requests.HTTPError("the repository has moved", response=answer)
        if answer.content:
            answer.json()
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text

    def address(self, url: str) -> str:
        """A path of the API, or an address that GitHub told, as an address within the API: there the token may go."""
        full = f"{self.place.api}{url}" if url.startswith("/") else url
        if not full.startswith(f"{self.place.api}/"):
            raise requests.exceptions.InvalidURL("GitHub names an address that is not its own")
        return full

    @contextmanager
    def asking(self, operation: Operation) -> Iterator[None]:
        """What goes wrong within is raised as `ProviderError`."""
        try:
            with explained(operation.what, self.place, operation.fixes, self._mask):
                yield
        except _SHAPELESS as error:
            raise ProviderError(
                f"{operation.what} of {self.place.repository}: an answer is none of GitHub's ({type(error).__name__})",
                fix="check that the address is that of GitHub's API: GITHUB_API_URL",
            ) from None

    def call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request of this repository for which PyGithub has no object, or none without further requests."""
        _, data = self.requestJsonAndCheck(verb, f"{self.repository}{path}", input=body)
        return data if isinstance(data, dict) else {}

    def all_of(self, what: str, listing: Callable[[], PaginatedList[N]]) -> list[N]:
        """A counted list, each once. Pages shift when something comes or goes between two of them, and what was passed
        over would be missing: the list is read again until its count holds still. Raises `ProviderError` if it
        never does.
        """
        for _ in range(READINGS):
            pages = listing()
            found: dict[int, N] = {}
            counts: set[int] = set()
            for number in count():
                page = pages.get_page(number)
                counts.add(pages.totalCount)
                found.update((one.id, one) for one in page)
                if (number + 1) * PAGE >= pages.totalCount:
                    break
            if counts == {len(found)}:
                return [found[key] for key in sorted(found)]
        raise ProviderError(
            f"{what} of {self.place.repository}: the list changed each of the {READINGS} times it was read",
            fix="run this when the jobs of the build have ended",
        )


def is_gone(error: requests.HTTPError) -> bool:
    """Whether what was asked for is not there (any more)."""
    return status_of(error) in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def status_of(error: requests.HTTPError) -> int:
    """The status of what was refused."""
    return error.response.status_code if error.response is not None else 0
