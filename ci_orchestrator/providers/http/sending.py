"""A session of requests that is patient, remembers, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.providers.http.cache import Cache
from ci_orchestrator.providers.http.causes import out_of_reach, unheard
from ci_orchestrator.providers.http.patience import HASTY, READING, Patience, asked_wait
from ci_orchestrator.providers.meter import Meter

PIECE = 256 * 1024
"""Bytes in which downloads are read."""


class PatientAdapter(HTTPAdapter):
    """Sends for a session: with time-outs, again where that is right, and conditionally where the answer is known."""

    def __init__(self, meter: Meter, patience: Patience, clock: Clock) -> None:
        super().__init__()
        self.meter = meter
        self._patience = patience
        self._clock = clock
        self._cache = Cache()
        self._not_before = 0.0
        self._unreached: set[str] = set()  # servers that all patience did not help with: once is enough then

    def send(  # noqa: PLR0917 - as requests has it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,  # noqa: ANN401
        verify: Any = True,  # noqa: ANN401
        cert: Any = None,  # noqa: ANN401
        proxies: Any = None,  # noqa: ANN401
    ) -> requests.Response:
        """See `HTTPAdapter.send`. Raises what it raises."""
        known = None if stream else self._cache.ask(request)
        patient = timeout or (self._patience.connect, self._patience.read)
        self._hold_back()
        server = _server(request)
        tries = 1 if server in self._unreached else self._patience.tries
        for tried in range(1, self._patience.tries + 1):
            try:
                _rewind(request, tried)
                answer = super().send(request, stream, patient, verify, cert, proxies)
                if not stream:
                    _ = answer.content  # here, so that a connection that is cut within it counts as a try
            except requests.RequestException as error:
                self.meter.failed(request)
                if tried == tries or not _again(request.method or "", error):
                    self._unreached |= {server} if out_of_reach(error) else set()
                    raise
                self._wait(self._patience.pause(tried))
                continue
            self._unreached.discard(server)
            self.meter.answered(request, answer, stream=stream)
            wait = self._patience.after(request.method or "", answer, tried, self._clock.now())
            if wait is None:
                self._heed(answer)
                return self._cache.resolve(request, answer, known) if not stream else answer
            answer.close()
            self._wait(wait)
        raise AssertionError("the last try returns or raises")

    def _wait(self, seconds: float) -> None:
        self.meter.tries_again(seconds)
        self._clock.sleep(seconds)

    def _heed(self, answer: requests.Response) -> None:
        """Azure DevOps asks to slow down with answers that are good ones."""
        asked = asked_wait(answer.headers, self._clock.now()) if answer.ok and "Retry-After" in answer.headers else None
        if asked is not None:
            self._not_before = self._clock.monotonic() + min(asked, self._patience.longest)

    def _hold_back(self) -> None:
        wait = self._not_before - self._clock.monotonic()
        if wait > 0:
            self.meter.waits(wait)
            self._clock.sleep(wait)


def session(meter: Meter, *, patience: Patience | None = None, clock: Clock | None = None) -> requests.Session:
    """A session for one provider. Credentials are its `auth` (see `Bearer`), not headers: those of a ``.netrc`` would
    replace them.
    """
    made = requests.Session()
    adapter = PatientAdapter(meter, patience or Patience(), clock or SystemClock())
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.headers["User-Agent"] = "ci-orchestrator"
    return made


def hasty_session(clock: Clock) -> requests.Session:
    """A session that asks once, and waits for seconds only."""
    return session(Meter(), patience=HASTY, clock=clock)


def meter_of(made: requests.Session) -> Meter:
    """The meter of a session; one that counts nothing for a session that `session` did not make."""
    adapter = made.get_adapter("https://")
    return adapter.meter if isinstance(adapter, PatientAdapter) else Meter()


class Bearer(requests.auth.AuthBase):
    """A token in a header. requests drops ``Authorization`` when another host is redirected to."""

    def __init__(self, value: str, *, header: str = "Authorization", scheme: str = "Bearer ") -> None:
        self._header = header
        self._value = f"{scheme}{value}" if value else ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers[self._header] = self._value
        return request


def pieces(answer: requests.Response) -> Iterator[bytes]:
    """The body of a streamed answer, never more than `PIECE` bytes at a time. Closes it."""
    with answer:
        yield from answer.iter_content(PIECE)


def _rewind(request: requests.PreparedRequest, tried: int) -> None:
    """What is sent from a file begins again where it began."""
    if tried > 1 and isinstance(getattr(request, "_body_position", None), int):
        requests.utils.rewind_body(request)


def _again(method: str, error: requests.RequestException) -> bool:
    """Whether a request that had no answer may be sent again: what reads always, the rest if nobody heard it."""
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.InvalidURL)):
        return False
    if not isinstance(error, (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)):
        return False
    return method in READING or unheard(error)


def _server(request: requests.PreparedRequest) -> str:
    scheme, _, rest = (request.url or "").partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
