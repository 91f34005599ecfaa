"""azure-devops, Microsoft's client library, over our own session: its requests are as patient as all others.

The library is imported here alone, for what it would do of itself is taken from it. It keeps answers in the home
directory, which jobs may not be able to write, and drops the status of what was refused. It uploads in chunks, which
the service does not take (https://github.com/microsoft/azure-devops-python-api/issues/322).
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit

import requests
from msrest.exceptions import ClientException
from msrest.pipeline import Pipeline
from msrest.pipeline.requests import PipelineRequestsHTTPSender
from msrest.universal_http.requests import BasicRequestsHTTPSender, RequestsClientResponse

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ForbiddenError, ProviderError
from ci_orchestrator.masking import Mask, Secret
from ci_orchestrator.providers import http
from ci_orchestrator.providers.azure.permissions import Permission
from ci_orchestrator.providers.base import Place

_CACHE = "AZURE_DEVOPS_CACHE_DIR"
_given = os.environ.get(_CACHE)
os.environ[_CACHE] = gettempdir()  # the library makes the directory when it is imported, unless it is there
try:
    from azure.devops._file_cache import OPTIONS_CACHE
    from azure.devops.v7_1.build.build_client import BuildClient
    from azure.devops.v7_1.git import models as git_models
    from azure.devops.v7_1.git.git_client import GitClient
    from azure.devops.v7_1.location.location_client import LocationClient
    from azure.devops.v7_1.task_agent.task_agent_client import TaskAgentClient
    from azure.devops.v7_1.test import models as test_models
    from azure.devops.v7_1.test.test_client import TestClient
finally:
    del os.environ[_CACHE]
    if _given is not None:
        os.environ[_CACHE] = _given
OPTIONS_CACHE.file_name = ""  # what has no name is neither read nor written

__all__ = ["MissingIsFine", "Sdk", "git_models", "test_models"]

ANYBODY = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
"""The id of those who are not known, where projects are public."""
_FAMILY = (".visualstudio.com", ".dev.azure.com")
"""Hosts of the same service, which take the same token."""
_NOBODY = http.Bearer("")


class Sdk:
    """The clients of one organization. Each asks the same address: Azure DevOps needs no other for what we ask."""

    def __init__(self, place: Place, token: Secret, session: requests.Session | None, clock: Clock) -> None:
        self.place = place
        self.project = place.repository.partition("/")[0]
        basic = b64encode(f":{token.reveal()}".encode()).decode()
        self.mask = Mask([token.reveal(), basic] if token else [])
        self.session = session or http.session(http.Meter(), clock=clock)
        self.session.auth = self._auth = _auth(token, basic)

    @cached_property
    def build(self) -> Any:  # noqa: ANN401 - the library has no types
        return self._client(BuildClient)

    @cached_property
    def git(self) -> Any:  # noqa: ANN401
        return self._client(GitClient)

    @cached_property
    def test(self) -> Any:  # noqa: ANN401
        return self._client(TestClient)

    @cached_property
    def agents(self) -> Any:  # noqa: ANN401
        return self._client(TaskAgentClient)

    @cached_property
    def location(self) -> Any:  # noqa: ANN401
        return self._client(LocationClient)

    def identity(self) -> str:
        """The id of whom the token is of, in lower case; empty when the service does not say."""
        return (self.location.get_connection_data().authenticated_user.id or "").lower()

    def authenticate(self, permission: Permission) -> None:
        """Raises `ProviderError` when the service does not take the token, or takes us for anybody."""
        with self.asking("asking whose the token is", permission):
            if self.identity() in ("", ANYBODY):
                fix = permission.fixes(self.project)[401]
                raise ForbiddenError(f"{self.place.api} does not know the token", fix=fix)

    @contextmanager
    def asking(self, what: str, permission: Permission) -> Iterator[None]:
        """Whatever fails within is raised as `ProviderError`. `what`: the operation, such as ``listing artifacts``."""
        try:
            with http.explained(what, self.place, permission.fixes(self.project), self.mask):
                yield
        except (ClientException, ValueError) as error:
            raise self._strange(what, str(error)) from None
        except (
            AttributeError,
            TypeError,
            IndexError,
        ) as error:  # neither the library nor we ask each part of an answer
            raise self._strange(what, "the answer has not the form that is documented") from error

    def stream(self, address: str) -> Iterator[bytes]:
        """The bytes behind an address that the service told, in pieces. None but its own hosts is shown the token."""
        if urlsplit(address).scheme not in ("http", "https"):
            raise ProviderError(
                f"{self.mask(address)[:200]!r} is no address to download from",
                fix="publish with PublishPipelineArtifact: what lies on a file share is not read",
            )
        auth = self._auth if _trusted(address, self.place.api) else _NOBODY
        answer = self.session.get(address, stream=True, auth=auth)
        _accepted(answer)
        return http.pieces(answer)

    def _strange(self, what: str, words: str) -> ProviderError:
        fix = "check that the address is that of an organization, or of a collection of Azure DevOps Server"
        return http.refusal(what, self.place, 0, words, fixes={0: fix}, mask=self.mask)

    def _client(self, kind: Any) -> Any:  # noqa: ANN401
        client = kind(base_url=self.place.api)
        client.config.pipeline = Pipeline([], PipelineRequestsHTTPSender(_Sender(self.session)))
        client.config.keep_alive = True  # the session is ours to close
        return client


class MissingIsFine:
    """What is not there ends the block, silently."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        answer = error.response if isinstance(error, requests.HTTPError) else None
        return answer is not None and answer.status_code == HTTPStatus.NOT_FOUND


class _Sender(BasicRequestsHTTPSender):
    """Sends what the library made up. A refusal is raised with its answer; what is accepted is JSON or empty."""

    def send(self, request: Any, **_: object) -> Any:  # noqa: ANN401
        data = request.data if request.data is None or isinstance(request.data, str | bytes) else b"".join(request.data)
        headers = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        answer = self.session.request(request.method, request.url, data=data, headers=headers)
        _accepted(answer)
        if answer.content:
            answer.json()
        return RequestsClientResponse(request, answer)  # type: ignore[no-untyped-call]


def _accepted(answer: requests.Response) -> None:
    """Raises `HTTPError` for a refusal; a page to sign in at comes with status 203."""
    if answer.status_code == HTTPStatus.NON_AUTHORITATIVE_INFORMATION:
        answer.status_code = HTTPStatus.UNAUTHORIZED
    answer.raise_for_status()


def _auth(token: Secret, basic: str) -> http.Bearer:
    """The token of a job is a JSON Web Token. A personal one goes as a password without a name
    (https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate).
    """
    value = token.reveal()
    if value.startswith("eyJ") and value.count(".") == 2:
        return http.Bearer(value)
    return http.Bearer(basic if value else "", scheme="Basic ")


def _trusted(address: str, api: str) -> bool:
    there, here = urlsplit(address), urlsplit(api)
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return True
    family = (here.hostname or "").endswith(("dev.azure.com", ".visualstudio.com"))
    return family and there.scheme == "https" and (there.hostname or "").endswith(_FAMILY)
