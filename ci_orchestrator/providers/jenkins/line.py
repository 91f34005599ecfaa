"""The requests to Jenkins, by jenkinsapi where it serves: it asks for JSON. The session itself streams files."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from jenkinsapi.custom_exceptions import JenkinsAPIException
from jenkinsapi.jenkins import Jenkins
from jenkinsapi.utils.requester import Requester

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Mask, Secret
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.http import Bearer, Meter, explained, pieces, session
from ci_orchestrator.providers.jenkins.permissions import Operation

Fields = Mapping[str, Any]

# It logs each refusal as an error, which is printed where nobody configured logging. We raise them.
logging.getLogger("jenkinsapi").addHandler(logging.NullHandler())


class Line:
    """To one Jenkins. `token`: ``user:token``; a token alone is sent as a bearer's; empty for what anybody may see."""

    def __init__(self, place: Place, token: Secret, line: requests.Session | None, clock: Clock) -> None:
        user, with_user, password = token.reveal().partition(":")
        self._place = place
        self._mask = Mask([token.reveal(), password])
        self._root = place.api.rstrip("/")
        self.session = line or session(Meter(), clock=clock)
        self.session.auth = (user, password) if with_user else Bearer(token.reveal())
        requester = Requester(max_retries=None)
        requester.session = self.session
        # Without a time-out of its own, those of the session count.
        self._jenkins = Jenkins(self._root, requester=requester, lazy=True, timeout=None)

    def read(self, operation: Operation, path: str, tree: str) -> Fields:
        """The fields `tree` (https://www.jenkins.io/doc/book/using/remote-access-api/) of what is at `path`.

        Raises `ProviderError`.
        """
        with self._asking(operation):
            return self._data(path, tree)

    def find(self, operation: Operation, path: str, tree: str) -> Fields | None:
        """The same; None where there is nothing, as far as Jenkins tells."""
        with self._asking(operation):
            try:
                return self._data(path, tree)
            except requests.HTTPError as error:
                if error.response is None or error.response.status_code != HTTPStatus.NOT_FOUND:
                    raise
                return None

    def stream(self, operation: Operation, path: str) -> Iterator[bytes]:
        """The bytes at `path`."""
        with self._asking(operation):
            answer = self.session.get(f"{self._root}{path}", stream=True)
            with answer:
                answer.raise_for_status()
                yield from pieces(answer)

    def _data(self, path: str, tree: str) -> Fields:
        found = self._jenkins.get_data(f"{self._root}{path}/api/json", tree=tree)
        if not isinstance(found, dict):
            raise JenkinsAPIException("not an object")
        return found

    @contextmanager
    def _asking(self, operation: Operation) -> Iterator[None]:
        with explained(operation.what, self._place, operation.fixes, self._mask):
            try:
                yield
            except JenkinsAPIException:
                raise ProviderError(
                    f"{operation.what} of {self._place.repository}: {self._root} answered with no JSON",
                    fix="check the address of Jenkins; a log-in page before it must let API tokens through",
                ) from None


def job_path(full_name: str) -> str:
    """Where a job, or a folder, is below Jenkins' address."""
    return "".join(f"/job/{quote(part, safe='')}" for part in full_name.split("/") if part)
