"""The way to a provider, over real HTTP: what is sent again, what never is, and what is not sent at all."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import pytest
import requests
from servers.base import Answer, Asked, Fault, Service, serving

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.providers.http import TRIES, Bearer, Meter, Patience, pieces, session
from ci_orchestrator.providers.http.cache import Cache

BODY = b'{"some": "body"}'


class Anything(Service):
    """Answers whatever it is asked with `answers`, the last of them for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = [Answer(200, BODY)]

    def answer(self, asked: Asked) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[Anything]:
    with serving(Anything()) as service:
        yield service


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def line(meter: Meter, clock: FakeClock) -> requests.Session:
    return session(meter, clock=clock)


PASSING = (
    Fault.FAILED,
    Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE,
    Fault.LIMITED,
    Fault.SECONDARY,
    Fault.CUT,
    Fault.LOST,
    Fault.TRUNCATED,
)
NOT_DONE = (Fault.UNAVAILABLE, Fault.LIMITED, Fault.SECONDARY)


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name.lower())
def test_what_reads_is_sent_again(server: Anything, line: requests.Session, meter: Meter, kind: Fault) -> None:
    server.fault(kind, times=2)
    answer = line.get(server.url)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert (meter.requests, meter.retries) == (3, 2)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name.lower())
def test_what_changes_something_is_sent_again_only_when_it_was_not_done(
    server: Anything, line: requests.Session, meter: Meter, kind: Fault, method: str
) -> None:
    server.fault(kind)
    if kind in NOT_DONE:
        assert line.request(method, server.url, json={}).status_code == 200
        assert (meter.requests, meter.retries) == (2, 1)
        return
    with suppress(requests.RequestException):
        assert line.request(method, server.url, json={}).status_code >= 500
    assert (meter.requests, meter.retries) == (1, 0)


def test_what_nobody_heard_is_sent_again(line: requests.Session, meter: Meter) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(requests.ConnectionError):
            line.post(f"http://127.0.0.1:{free.getsockname()[1]}/", json={})
        assert meter.requests == TRIES
        with pytest.raises(requests.ConnectionError):
            line.post(f"http://127.0.0.1:{free.getsockname()[1]}/another", json={})
    assert meter.requests == TRIES + 1, "the whole patience once is enough"


def test_one_server_out_of_reach_does_not_cost_another_its_patience(
    server: Anything, line: requests.Session, meter: Meter
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(requests.ConnectionError):
            line.get(f"http://127.0.0.1:{free.getsockname()[1]}/")
    server.fault(Fault.FAILED, times=2)
    assert line.get(server.url).status_code == 200
    assert meter.requests == TRIES + 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_final(server: Anything, line: requests.Session, meter: Meter, status: int) -> None:
    server.answers = [Answer(status)]
    assert line.get(server.url).status_code == status
    assert meter.requests == 1


def test_nobody_is_asked_for_ever(server: Anything, line: requests.Session, meter: Meter, clock: FakeClock) -> None:
    begun = clock.now()
    server.answers = [Answer(502)]
    assert line.get(server.url).status_code == 502
    assert meter.requests == TRIES
    assert 0 < meter.waited <= 2 + 4 + 8 + 16
    assert clock.now() - begun == pytest.approx(meter.waited)


def _now(value: str) -> str:
    """``date N`` and ``moment N`` as N seconds from now by the clock of the server, which is years ahead of ours."""
    form, _, seconds = value.partition(" ")
    if form not in ("date", "moment"):
        return value
    then = time.time() + float(seconds)
    return formatdate(then, usegmt=True) if form == "date" else str(int(then))


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "30"}, 30, 32),
        ({"Retry-After": "date 3000"}, None, None),
        ({"Retry-After": "date 100"}, 30, 103),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "moment 100"}, 30, 103),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "moment 100"}, 30, 103),
        ({"RateLimit-Remaining": "7", "RateLimit-Reset": "moment 100"}, 60, 62),
        ({"Retry-After": "date -3000"}, 0, 2),
        ({"Retry-After": "soon"}, 60, 62),
        ({}, 60, 62),
    ],
)
def test_a_limit_is_waited_for_as_long_as_it_says_by_the_providers_own_clock(
    server: Anything,
    line: requests.Session,
    clock: FakeClock,
    headers: dict[str, str],
    least: float | None,
    most: float | None,
) -> None:
    server.answers = [Answer(429, b"", {name: _now(value) for name, value in headers.items()}), Answer(200, BODY)]
    begun = clock.now()
    status = line.post(server.url).status_code
    if least is None or most is None:
        assert (status, clock.now()) == (429, begun)
    else:
        assert status == 200
        assert least <= clock.now() - begun <= most


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, b""),
        (403, {"Retry-After": "1"}, b""),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit"}'),
    ],
)
def test_a_limit_that_looks_like_a_refusal(
    server: Anything, line: requests.Session, status: int, headers: dict[str, str], body: bytes
) -> None:
    server.answers = [Answer(status, body, headers), Answer(200, BODY)]
    assert line.get(server.url).status_code == 200


@pytest.mark.parametrize("headers", [{"Retry-After": "121"}, {"Retry-After": "99999999999999999999"}])
def test_whoever_asks_for_an_hour_has_refused(
    server: Anything, line: requests.Session, meter: Meter, headers: dict[str, str]
) -> None:
    server.answers = [Answer(429, b"", headers)]
    assert line.get(server.url).status_code == 429
    assert (meter.requests, meter.waited) == (1, 0)


def test_whoever_asks_to_slow_down_with_a_good_answer_is_heeded(
    server: Anything, line: requests.Session, meter: Meter, clock: FakeClock
) -> None:
    server.answers = [Answer(200, BODY, {"Retry-After": "7"}), Answer(404, b"", {"Retry-After": "7"}), Answer(200)]
    begun = clock.now()
    waited = [line.get(server.url).status_code and clock.now() - begun for _ in range(3)]
    assert waited == [0, 7, 7]
    assert (meter.waited, meter.retries) == (7, 0)


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    assert [Patience(chance=lambda: 1.0).pause(tried) for tried in (1, 2, 3, 10)] == [2, 4, 8, 120]
    assert Patience(chance=lambda: 0.0).pause(3) == 0
    assert len({Patience().pause(5) for _ in range(20)}) > 10


def test_what_is_slow_is_given_up(server: Anything, meter: Meter) -> None:
    server.fault(Fault.SLOW, times=2)
    line = session(meter, patience=Patience(tries=2), clock=FakeClock())
    with pytest.raises(requests.Timeout):
        line.get(server.url, timeout=0.05)
    assert meter.requests == 2


def test_a_file_is_sent_again_from_where_it_began(server: Anything, line: requests.Session) -> None:
    server.fault(Fault.UNAVAILABLE)
    file = io.BytesIO(b"skipped" + b"x" * 100_000)
    file.seek(7)
    assert line.put(server.url, data=file).status_code == 200
    assert server.asked[-1].body == b"x" * 100_000


def test_a_download_comes_in_pieces(server: Anything, line: requests.Session, meter: Meter) -> None:
    server.answers = [Answer(200, b"x" * 1_000_000)]
    found = list(pieces(line.get(server.url, stream=True)))
    assert b"".join(found) == b"x" * 1_000_000
    assert max(map(len, found)) <= 256 * 1024
    assert meter.received == 1_000_000


# -- answers that are known ------------------------------------------------------------------------

TAGGED = Answer(200, BODY, {"ETag": '"one"', "X-RateLimit-Remaining": "41"})


def test_a_known_answer_is_confirmed_and_not_sent_again(server: Anything, line: requests.Session, meter: Meter) -> None:
    server.answers = [TAGGED, Answer(304, b"", {"ETag": '"one"'}), Answer(200, b"new", {"ETag": '"two"'})]
    assert [line.get(server.url).content for _ in range(3)] == [BODY, BODY, b"new"]
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"one"', '"one"']
    assert (meter.received, meter.budget) == (len(BODY) + 3, 41)


def test_what_is_another_form_or_a_part_or_streamed_is_asked_for_itself(
    server: Anything, line: requests.Session
) -> None:
    server.answers = [TAGGED]
    line.get(server.url)
    line.get(server.url, headers={"Accept": "text/plain"})
    line.get(server.url, headers={"Range": "bytes=1-"})
    line.get(server.url, stream=True).close()
    line.post(server.url)
    assert not any("if-none-match" in asked.headers for asked in server.asked)


def test_what_is_kept_has_an_end() -> None:
    cache = Cache(kept=25)
    requests_ = [requests.Request("GET", f"http://x/{number}").prepare() for number in range(3)]
    for request in requests_:
        answer = requests.Response()
        answer.status_code, answer._content, answer.headers["ETag"] = 200, b"0123456789", '"x"'
        cache.resolve(request, answer, None)
    assert [cache.ask(request) is not None for request in requests_] == [False, True, True]


# -- who is asked, and as whom ---------------------------------------------------------------------


def test_a_netrc_does_not_replace_the_token(
    server: Anything, line: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    line.auth = Bearer("token")
    line.get(server.url)
    line.auth = Bearer("token", header="PRIVATE-TOKEN", scheme="")
    line.get(server.url)
    assert server.asked[0].headers["authorization"] == "Bearer token"
    assert server.asked[1].headers["private-token"] == "token"


def test_the_token_is_not_taken_along_to_another_host(server: Anything, line: requests.Session) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.answers = [Answer(302, b"", {"Location": f"{elsewhere}/storage"}), Answer(200, BODY)]
    line.auth = Bearer("token")
    assert line.get(server.url).content == BODY
    assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer token", None]


def test_proxies_are_those_of_the_environment(
    server: Anything, line: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    assert line.get("http://provider.example/api").content == BODY
    assert server.asked[0].headers["host"] == "provider.example"


def test_what_it_took_is_said() -> None:
    meter = Meter()
    assert str(meter) == "0 requests, 0.0 MB sent, 0.0 MB received"
    meter.requests, meter.retries, meter.waited, meter.sent, meter.received = 1_234, 2, 3.4, 500_000, 9_900_000
    meter.budget = 4_321
    assert str(meter) == (
        "1,234 requests (2 of them again), 3 s waited, 0.5 MB sent, 9.9 MB received; "
        "the provider allows 4,321 more for now"
    )
