"""What talking to a provider took, and what the provider says is left of its limit."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

_REMAINING = ("X-RateLimit-Remaining", "RateLimit-Remaining")


class Meter:
    """Counts requests, those of them that had to be sent again, bytes and seconds waited. Any thread may count.

    `budget`: requests that the provider says are left, None when it does not say. Of a streamed answer, the length
    that it announces is counted.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.requests = 0
        self.retries = 0
        self.sent = 0
        self.received = 0
        self.waited = 0.0
        self.budget: int | None = None

    def answered(self, request: requests.PreparedRequest, answer: requests.Response, *, stream: bool) -> None:
        """A request was sent, and this is what came."""
        told = next((answer.headers[name] for name in _REMAINING if name in answer.headers), "")
        length = answer.headers.get("Content-Length", "0") if stream else str(len(answer.content))
        with self._lock:
            self.requests += 1
            self.sent += _length(request)
            self.received += int(length) if length.isascii() and length.isdigit() else 0
            if told.isascii() and told.isdigit():
                self.budget = int(told)

    def failed(self, request: requests.PreparedRequest) -> None:
        """A request was sent, or was to be, and no whole answer came."""
        with self._lock:
            self.requests += 1
            self.sent += _length(request)

    def tries_again(self, seconds: float) -> None:
        """A request is sent again after so long."""
        with self._lock:
            self.retries += 1
            self.waited += seconds

    def waits(self, seconds: float) -> None:
        """The provider asked to slow down."""
        with self._lock:
            self.waited += seconds

    def joins(self, other: Meter) -> None:
        """Count what another has counted before."""
        with self._lock:
            self.requests += other.requests
            self.retries += other.retries
            self.sent += other.sent
            self.received += other.received
            self.waited += other.waited

    def __str__(self) -> str:
        again = f" ({self.retries} of them again)" if self.retries else ""
        waited = f", {self.waited:.0f} s waited" if self.waited >= 1 else ""
        left = "" if self.budget is None else f"; the provider allows {self.budget:,} more for now"
        size = f"{self.sent / 1e6:.1f} MB sent, {self.received / 1e6:.1f} MB received"
        return f"{self.requests:,} {'request' if self.requests == 1 else 'requests'}{again}{waited}, {size}{left}"


def _length(request: requests.PreparedRequest) -> int:
    return int(request.headers.get("Content-Length", "0"))
