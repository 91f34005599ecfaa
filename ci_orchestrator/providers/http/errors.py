"""What a provider refused, said so that it can be mended: the operation, the place, its own words, and the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from ci_orchestrator.errors import ForbiddenError, ProviderError, UnreachableError
from ci_orchestrator.masking import Mask
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.http.causes import cause_of
from ci_orchestrator.providers.http.patience import is_limited

WORDS = 300
"""Characters of a provider's own words that are passed on."""
FIXES: Mapping[int, str] = {
    400: "this may be a version of the provider that ci-orchestrator does not know: please report it",
    401: "the token is missing, wrong or expired: make a new one, and see the page on this provider in the docs",
    403: "the token may not do this: see the permissions it needs in the docs on this provider",
    404: "check the name of the repository and that the token may see it: providers say 404 for what is hidden, too",
    407: "the proxy wants credentials: HTTPS_PROXY=http://name:password@host:port",
    429: "the provider limits requests: try again later, or use a token with a limit of its own",
}
_FORBIDDEN = frozenset({401, 403, 404})
_TRY_AGAIN = "the provider has trouble: try again, and look at its status page"
_TAG = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_POOL = re.compile(r".*ConnectionPool\(.*", re.DOTALL)
"""How urllib3 begins what it says of itself."""
_QUERY = re.compile(r"\?[^\s'\")]*")


@contextmanager
def explained(what: str, place: Place, fixes: Mapping[int, str], mask: Mask) -> Iterator[None]:
    """Errors of requests, within, are raised as `ProviderError`, those without a whole answer as `UnreachableError`.

    `what`: the operation, such as ``listing artifacts``. `fixes`: what to do about a status, before `FIXES`.
    """
    try:
        yield
    except requests.HTTPError as error:
        answer = error.response
        if answer is None:
            raise refusal(what, place, 0, str(error), fixes=fixes, mask=mask) from None
        raise refused(what, place, answer, fixes, mask) from None
    except requests.RequestException as error:
        raise unreachable(what, place, error, mask) from None


def refused(what: str, place: Place, answer: requests.Response, fixes: Mapping[int, str], mask: Mask) -> ProviderError:
    """The error for an answer that is none of those wanted."""
    limited = is_limited(answer)
    return refusal(what, place, 429 if limited else answer.status_code, answer.text, fixes=fixes, mask=mask)


def refusal(what: str, place: Place, status: int, body: str, *, fixes: Mapping[int, str], mask: Mask) -> ProviderError:
    """The same from its parts, for the errors of client libraries. `status`: 0 for none. `body`: as it came. What the
    token may not do or see is a `ForbiddenError`.
    """
    fix = fixes.get(status, FIXES.get(status, _TRY_AGAIN if status >= 500 else ""))
    words = own_words(body, mask)
    said = f"HTTP {status} {_phrase(status)}".strip() if status else "no answer"
    kind = ForbiddenError if status in _FORBIDDEN else ProviderError
    return kind(f"{what} of {_name(place)}: {said}{f': {words}' if words else ''}", fix=fix)


def unreachable(what: str, place: Place, error: requests.RequestException, mask: Mask) -> UnreachableError:
    """The error for a request without a whole answer."""
    words = _cut(cause_of(error) or _POOL.sub("", _QUERY.sub("", str(error))), mask)
    asked = error.request.url if error.request is not None else None
    parts = urlsplit(str(asked or place.api))
    host = parts.hostname or place.api
    server = f"{host}:{parts.port}" if parts.port else host
    for kind, said, fix in _TROUBLES:
        if isinstance(error, kind):
            more = f": {words}" if words else ""
            return UnreachableError(
                f"{what} of {_name(place)}: {said.format(host=server)}{more}", fix=fix.format(host=host)
            )
    return UnreachableError(f"{what} of {_name(place)}: {words}", fix=_TRY_AGAIN)


def own_words(body: str, mask: Mask) -> str:
    """What a provider says in an answer: the message in JSON, the text of a page; one line, masked and cut."""
    try:
        found = " ".join(_messages(json.loads(body)))
    except (ValueError, RecursionError):
        found = _TAG.sub(" ", body[: 64 * 1024])
    return _cut(found, mask)


def _messages(value: object) -> Iterator[str]:
    """GitHub and Azure say ``message``, GitHub also ``errors``, GitLab ``message`` or ``error`` with a description; the
    values may be objects and lists.
    """
    if isinstance(value, dict):
        named = [value[key] for key in ("message", "error", "error_description", "errors") if value.get(key)]
        for one in named or value.values():
            yield from _messages(one)
    elif isinstance(value, list):
        for one in value:
            yield from _messages(one)
    elif value is not None:
        yield str(value)


def _cut(text: str, mask: Mask) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in mask(text)).split())
    return line if len(line) <= WORDS else f"{line[: WORDS - 2]} …"


def _name(place: Place) -> str:
    return f"{place.repository} at {urlsplit(place.web or place.api).hostname or place.web or place.api}"


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


_TROUBLES: tuple[tuple[type[Exception], str, str], ...] = (
    (
        requests.exceptions.SSLError,
        "the certificate of {host} is not trusted",
        "for a certificate of your own, REQUESTS_CA_BUNDLE names the file with its authority",
    ),
    (requests.exceptions.ProxyError, "the proxy did not let through", "check HTTPS_PROXY, and NO_PROXY for {host}"),
    (requests.exceptions.ConnectTimeout, "{host} does not answer", "check the address, and HTTPS_PROXY behind a proxy"),
    (requests.exceptions.Timeout, "{host} is too slow", _TRY_AGAIN),
    (requests.exceptions.JSONDecodeError, "{host} answered with no JSON", "check that the address is that of an API"),
    (requests.exceptions.ChunkedEncodingError, "{host} ended in the middle of its answer", _TRY_AGAIN),
    (
        requests.exceptions.ConnectionError,
        "{host} cannot be reached",
        "check the address, and HTTPS_PROXY behind a proxy",
    ),
)
