"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests
from requests.structures import CaseInsensitiveDict

CONNECT = 10.0
"""Seconds until a connection must stand."""
READ = 60.0
"""Seconds without a byte after which an answer is given up."""
LONGEST_WAIT = 120.0
"""Seconds that are waited at a time. A provider that asks for more has refused."""
TRIES = 5
"""How often a request is sent at most."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

Headers = CaseInsensitiveDict[str]
_PASSING = frozenset({500, 502, 503, 504})
_REMAINING = ("X-RateLimit-Remaining", "RateLimit-Remaining")
_RESETS = ("X-RateLimit-Reset", "RateLimit-Reset")


def _chance() -> float:
    return random.random()  # noqa: S311 - it spreads requests, and keeps no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long is waited. `backoff`: seconds before the second try at most; they double each time,
    and the wait is a random part of that ("full jitter"), so that jobs that failed together do not come back together.
    `longest`: seconds at a time. `unsaid`: seconds to wait where a limit was met and nobody says for how long; a minute
    is what GitHub asks for. `connect`, `read`: seconds until a connection stands, and without a byte of an answer.
    """

    tries: int = TRIES
    backoff: float = 2.0
    longest: float = LONGEST_WAIT
    unsaid: float = 60.0
    connect: float = CONNECT
    read: float = READ
    chance: Callable[[], float] = _chance

    def pause(self, tried: int) -> float:
        """Seconds to wait after the try of this number, when nobody says how long."""
        return min(self.longest, self.backoff * 2.0 ** (tried - 1)) * self.chance()

    def after(self, method: str, answer: requests.Response, tried: int, now: float) -> float | None:
        """Seconds to wait before an answered request is sent again; None when the answer is final."""
        status = answer.status_code
        limited = is_limited(answer)
        passing = status in _PASSING and (method in READING or status == HTTPStatus.SERVICE_UNAVAILABLE)
        if tried >= self.tries or not (limited or passing):
            return None
        asked = asked_wait(answer.headers, now)
        if asked is None and not limited:
            return self.pause(tried)
        asked = self.unsaid if asked is None else asked
        return asked + self.pause(1) if asked <= self.longest else None


HASTY = Patience(tries=1, connect=3.0, read=5.0)
"""For somebody who waits for the answer, and can do without it."""


def is_limited(answer: requests.Response) -> bool:
    """Whether an answer refuses for there were too many requests, which then was not acted on.

    GitHub says so with 403, too, and of its secondary limit sometimes only in words
    (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
    """
    if answer.status_code != HTTPStatus.FORBIDDEN:
        return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    told = "Retry-After" in answer.headers or answer.headers.get(_REMAINING[0]) == "0"
    return told or b"secondary rate limit" in answer.content


def asked_wait(headers: Headers, now: float) -> float | None:
    """Seconds that an answer asks to wait, None when it does not. Dates count by the provider's clock, if it tells."""
    retry = headers.get("Retry-After", "")
    if retry.isascii() and retry.isdigit():
        return float(retry)
    there = _date(headers.get("Date", "")) or now
    if date := _date(retry):
        return max(0.0, date - there)
    reset = next((headers[name] for name in _RESETS if name in headers), "")
    if any(headers.get(name) == "0" for name in _REMAINING) and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset) - there)
    return None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
