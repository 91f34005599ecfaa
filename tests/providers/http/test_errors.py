"""What a provider refused, in words that help, and without secrets."""

from __future__ import annotations

import json
import socket

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Mask
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.http import FIXES, explained, own_words

PLACE = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="acme/shop")
MASK = Mask(["s3cr3t"])


def answer(status: int, body: str = "", **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content, made.encoding = status, body.encode(), "utf-8"
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


def said(error: Exception) -> ProviderError:
    with pytest.raises(ProviderError) as caught, explained("listing artifacts", PLACE, {403: "allow it"}, MASK):
        raise error
    return caught.value


def refused(status: int, body: str = "", **headers: str) -> ProviderError:
    return said(requests.HTTPError("no", response=answer(status, body, **headers)))


def test_a_refusal_says_what_where_why_and_what_mends_it() -> None:
    error = refused(403, '{"message": "Resource not accessible by integration", "documentation_url": "https://x"}')
    assert error.what == (
        "listing artifacts of acme/shop at github.com: HTTP 403 Forbidden: Resource not accessible by integration"
    )
    assert error.fix == "allow it"
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("status", "headers", "fix"),
    [
        (401, {}, FIXES[401]),
        (404, {}, FIXES[404]),
        (407, {}, FIXES[407]),
        (429, {}, FIXES[429]),
        (403, {"Retry_After": "9999"}, FIXES[429]),
        (502, {}, "the provider has trouble: try again, and look at its status page"),
        (418, {}, ""),
    ],
)
def test_what_mends_what_an_adapter_has_nothing_to_say_on(status: int, headers: dict[str, str], fix: str) -> None:
    assert refused(status, **headers).fix == fix


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        (requests.exceptions.SSLError("bad"), "the certificate of api.github.com is not trusted", "REQUESTS_CA_BUNDLE"),
        (requests.exceptions.ProxyError("bad"), "the proxy did not let through", "NO_PROXY for api.github.com"),
        (requests.ConnectTimeout("bad"), "api.github.com does not answer", "HTTPS_PROXY"),
        (requests.ReadTimeout("bad"), "api.github.com is too slow", "status page"),
        (requests.exceptions.ChunkedEncodingError("bad"), "in the middle", "try again"),
        (requests.ConnectionError("bad"), "cannot be reached", "HTTPS_PROXY"),
        (requests.exceptions.InvalidURL("bad"), "bad", ""),
        (requests.HTTPError("bad"), "no answer: bad", ""),
    ],
)
def test_why_there_was_no_answer(error: requests.RequestException, what: str, fix: str) -> None:
    found = said(error)
    assert what in found.what
    assert fix in found.fix


def nobody(url: str, **options: str) -> str:
    with requests.Session() as line:
        line.trust_env = False  # no proxy but ours
        with pytest.raises(requests.RequestException) as caught:
            line.get(url, timeout=5, proxies=dict(options))
    return said(caught.value).what


def test_who_was_not_reached_and_why_is_said_in_plain_words() -> None:
    begin = "listing artifacts of acme/shop at github.com: "
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{free.getsockname()[1]}"
        assert nobody(f"http://{here}/a?sig=1") == f"{begin}{here} cannot be reached: connection refused"
        proxied = nobody("https://github.example/a", https=f"http://{here}")
    assert proxied == f"{begin}the proxy did not let through: connection refused"
    unknown = nobody("http://nobody.invalid/a")
    assert unknown.startswith(f"{begin}nobody.invalid cannot be reached: its name is not known (")


def test_an_answer_that_is_no_json() -> None:
    with pytest.raises(ProviderError, match="answered with no JSON"), explained("reading", PLACE, {}, MASK):
        answer(200, "<html>").json()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message": "no"}', "no"),
        ('{"message": {"note": ["is too long", "is empty"]}}', "is too long is empty"),
        ('{"error": "invalid_token", "error_description": "It has\\nexpired."}', "invalid_token It has expired."),
        ('{"message": "Validation Failed", "errors": [{"message": "sha is bad"}]}', "Validation Failed sha is bad"),
        ('["a", 2, null]', "a 2"),
        ("<html><head><style>x{}</style></head><body><h1>502</h1>\n<p>nginx</p></body></html>", "502 nginx"),
        ("\x1b[31mred\x07", "[31mred"),
        ("", ""),
    ],
)
def test_the_providers_own_words(body: str, words: str) -> None:
    assert own_words(body, MASK) == words


def test_no_secret_and_no_signature_of_an_address_is_said() -> None:
    assert "s3cr3t" not in str(refused(403, '{"message": "the token s3cr3t may not"}'))
    error = said(requests.ConnectionError("GET https://storage.example/a?sig=abc&x=s3cr3t failed"))
    assert "sig=" not in str(error)
    assert "https://storage.example/a failed" in str(error)


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@settings(max_examples=25)
def test_words_are_one_line_of_bounded_length(body: object) -> None:
    for text in (json.dumps(body), str(body)):
        words = own_words(text, MASK)
        assert len(words) <= 300
        assert words.isprintable()
