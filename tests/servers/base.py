"""What the contract servers have in common: a provider that holds state, answers over real HTTP, and can misbehave.

A provider's own file has one class under `Service` and a function `serve()` that is a context manager::

    class GithubServer(Service):
        name = "github"
        def answer(self, asked: Asked) -> Answer: ...       # a problem of the contract: self.problem("…")
        def host(self) -> Host: ...
        def forge(self) -> Forge | None: ...
        def add_artifact(self, name, files, *, build="") -> None: ...
        ...

    def serve() -> AbstractContextManager[GithubServer]:
        return serving(GithubServer())

All are seeded alike, with the constants below, so that the same suites (`tests/contracts/test_adapters*.py`) ask them
all the same. Leaving `serving` fails the test when anything was asked that the published contract does not know.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from ci_orchestrator.providers.online import Build, Forge, Host, Runner, RunnerState

TOKEN = "tok-3v3ryth1ng-1s-s3cr3t"
"""What the adapters are handed. No error, comment or log may have it."""
BUILD = "42"
"""The build that this process is a job of."""
CHANGE = 7
"""An open change, of branch `FEATURE` into `BRANCH`."""
BRANCH = "main"
FEATURE = "faster"
HEAD = "c0ffee00" * 5
"""What `CHANGE` proposes."""
MERGED = "beef" * 10
"""A merge of a change with the branch that it goes to, which a build of it tested."""
FORKED = 8
"""Another open change, of a fork."""
REPOSITORY = "acme/shop"
RUNNERS = (
    Runner(name="big-1", state=RunnerState.IDLE, labels=("gpu-a100", "linux"), group=""),
    Runner(name="small-1", state=RunnerState.BUSY, labels=("linux",), group=""),
    Runner(name="small-2", state=RunnerState.OFFLINE, labels=("linux",), group=""),
)
"""What a suite seeds `Server.runners` with; a provider may add labels and groups of its own to what it tells."""


class Fault(Enum):
    """How a provider misbehaves. The value of the first ones is the HTTP status."""

    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    UNPROCESSABLE = 422
    LIMITED = 429
    """With ``Retry-After: 1``."""
    FAILED = 500
    BAD_GATEWAY = 502
    UNAVAILABLE = 503
    SECONDARY = "secondary rate limit"
    """403 with ``Retry-After: 1``, as GitHub says it."""
    SLOW = "slow"
    """No answer before `Service.release` is set, or the client has gone."""
    CUT = "cut"
    """The connection is closed before an answer; what was asked has **not** been done."""
    LOST = "lost"
    """The connection is closed before an answer; what was asked **has** been done."""
    TRUNCATED = "truncated"
    """Half the body, under the length of all of it."""
    SHORT = "short"
    """Half the body, under the length of that half: only the archive itself can tell."""
    GARBLED = "garbled"
    """A body that is no JSON, no zip, nothing; status 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request. `path`: as it was sent, still quoted; `headers`: names in lower case."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)

    def one(self, parameter: str, default: str = "") -> str:
        """The value of a parameter of the query."""
        return self.query.get(parameter, [default])[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `Content-Length` is added."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    """JSON; names of headers with ``_`` for ``-``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **named})


def zipped(files: Mapping[str, bytes], *, around: str = "") -> bytes:
    """A zip file; `around`: a directory that all are put in, such as Azure and Jenkins add."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(f"{around}/{name}" if around else name, data)
    return out.getvalue()


class Server(Protocol):
    """What the contract suite asks of each provider's server (the local folder has one, too, without HTTP)."""

    name: str
    runners: Sequence[Runner]
    before: Callable[[Asked], None]

    def host(self) -> Host:
        """A new adapter that talks to this server, in build `BUILD`, with `TOKEN`, that never really sleeps."""
        ...

    def forge(self) -> Forge | None:
        """A new adapter; None where the provider is no forge."""
        ...

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        """An artifact that a job of `build` has left, stored as this provider stores it."""
        ...

    def add_build(self, build: Build, *, good: bool) -> None:
        """A build that has ended; newer than those before. `BUILD` itself is there and still running. One of a change
        tested a merge of it, where the provider has such builds.
        """
        ...

    def told(self, build: Build) -> Build:
        """How this provider's adapter is to tell a build of `add_build`, but for its address."""
        ...

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE) -> int:
        """A comment of somebody else, or of ours; its id."""
        ...

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        """The comments that stand there now, the oldest first."""
        ...

    def fault(self, kind: Fault, times: int = 1, *, on: str = "") -> None:
        """The next `times` requests whose ``METHOD /path?query`` has the regular expression `on` meet it."""
        ...

    def expected(self, runner: Runner) -> Runner:
        """How this provider's adapter is to tell a runner of `runners` (labels and groups that it adds)."""
        ...

    @property
    def asked(self) -> Sequence[Asked]:
        """All requests so far."""
        ...


class Service:
    """A provider over HTTP. Requests are answered one at a time under `lock`, so that state needs no other care."""

    name = ""
    runners: Sequence[Runner] = ()

    def __init__(self) -> None:
        self.url = ""
        self.lock = threading.RLock()
        self.release = threading.Event()
        """Ends what is `Fault.SLOW`."""
        self.before: Callable[[Asked], None] = lambda _: None
        """Called before each request is answered, without the lock: where races meet, or pages change underneath."""
        self._asked: list[Asked] = []
        self._problems: list[str] = []
        self._faults: list[tuple[re.Pattern[str], Fault]] = []

    def answer(self, asked: Asked) -> Answer:
        """What the provider would say. Unknown paths, parameters and fields are a `problem`."""
        raise NotImplementedError

    def refusal(self, status: int) -> Answer:
        """An error in the provider's form."""
        return json_answer({"message": f"refused with {status}"}, status)

    def problem(self, words: str) -> None:
        """Something that the published contract does not allow: the test fails when the server ends."""
        with self.lock:
            self._problems.append(words)

    def fault(self, kind: Fault, times: int = 1, *, on: str = "") -> None:
        """See `Server.fault`."""
        with self.lock:
            self._faults += [(re.compile(on), kind)] * times

    @property
    def asked(self) -> Sequence[Asked]:
        with self.lock:
            return tuple(self._asked)

    @property
    def problems(self) -> Sequence[str]:
        with self.lock:
            return tuple(self._problems)

    def pop_fault(self, line: str) -> Fault | None:
        """The first fault that is meant for this request; it is used up."""
        with self.lock:
            for number, (pattern, kind) in enumerate(self._faults):
                if pattern.search(line):
                    del self._faults[number]
                    return kind
        return None

    def respond(self, asked: Asked) -> Answer:
        """The answer, and everything that came up on the way to it."""
        with self.lock:
            self._asked.append(asked)
            try:
                return self.answer(asked)
            except Exception as error:  # noqa: BLE001 - a mistake of a server is the test's to see, not the client's
                self.problem(f"{asked.method} {asked.path}: the server stumbled: {error!r}")
                return Answer(599)


class _Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body are two writes: the second would wait for the client's confirmation of the first, 40 ms."""

    def _handle(self) -> None:
        asked = self._read()
        self.service.before(asked)
        kind = self.service.pop_fault(f"{self.command} {self.path}")
        if kind in (Fault.SLOW, Fault.CUT):
            if kind is Fault.SLOW:
                self.service.release.wait(30)
            self.close_connection = True
            return
        if kind is not None and isinstance(kind.value, int):
            self._send(_refused(self.service, kind.value))
            return
        if kind is Fault.SECONDARY:
            words = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes.", "status": "403"}
            self._send(json_answer(words, 403, Retry_After="1"))
            return
        self._misbehave(self.service.respond(asked), kind)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _handle  # noqa: N815 - its names

    def _read(self) -> Asked:
        parts = urlsplit(self.path)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return Asked(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )

    def _chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return data

    def _misbehave(self, answer: Answer, kind: Fault | None) -> None:
        half = answer.body[: len(answer.body) // 2]
        match kind:
            case Fault.LOST:
                self.close_connection = True
            case Fault.TRUNCATED:
                self._send(Answer(answer.status, half, answer.headers), length=len(answer.body))
                self.close_connection = True
            case Fault.SHORT:
                self._send(Answer(answer.status, half, answer.headers))
            case Fault.GARBLED:
                self._send(Answer(answer.status, b"<html>\0 what?", answer.headers))
            case _:
                self._send(answer)

    def _send(self, answer: Answer, *, length: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Nothing."""


def _refused(service: Service, status: int) -> Answer:
    answer = service.refusal(status)
    if status == Fault.LIMITED.value:
        return Answer(answer.status, answer.body, {**answer.headers, "Retry-After": "1"})
    return answer


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is none of ours."""


S = TypeVar("S", bound=Service)


@contextmanager
def serving(service: S) -> Iterator[S]:
    """Serve on a free port of this machine; afterwards, every problem with the contract fails the test."""
    handler = type("Handler", (_Handler,), {"service": service})
    http = _Http(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.release.set()
        http.shutdown()
        http.server_close()
        thread.join()
    assert not service.problems, "\n".join(service.problems)
