"""Answers that a provider may confirm instead of sending them again (RFC 9110, section 13: ``If-None-Match``).

GitHub does not count a confirmed answer against its limit.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from http import HTTPStatus
from threading import Lock

import requests

KEPT = 16 * 1024 * 1024
"""Bytes of answers that are kept; what was not asked for longest goes first."""

Key = tuple[str, str]


class Cache:
    """Answers to GETs by address and wanted form."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._size = 0
        self._answers: OrderedDict[Key, requests.Response] = OrderedDict()
        self._lock = Lock()

    def ask(self, request: requests.PreparedRequest) -> requests.Response | None:
        """What is known of a request, which is made conditional on it."""
        if request.method != "GET" or "If-None-Match" in request.headers or "Range" in request.headers:
            return None
        with self._lock:
            known = self._answers.get(_key(request))
        if known is not None:
            request.headers["If-None-Match"] = known.headers["ETag"]
        return known

    def resolve(
        self, request: requests.PreparedRequest, answer: requests.Response, known: requests.Response | None
    ) -> requests.Response:
        """The answer, or in its place the known one that it confirms."""
        if known is not None and answer.status_code == HTTPStatus.NOT_MODIFIED:
            confirmed = copy(known)
            confirmed.request = request
            return confirmed
        if request.method == "GET" and answer.status_code == HTTPStatus.OK and "ETag" in answer.headers:
            self._keep(_key(request), answer)
        return answer

    def _keep(self, key: Key, answer: requests.Response) -> None:
        with self._lock:
            old = self._answers.pop(key, None)
            self._size += len(answer.content) - (len(old.content) if old is not None else 0)
            self._answers[key] = answer
            while self._size > self._kept:
                self._size -= len(self._answers.popitem(last=False)[1].content)


def _key(request: requests.PreparedRequest) -> Key:
    return request.url or "", str(request.headers.get("Accept", ""))
