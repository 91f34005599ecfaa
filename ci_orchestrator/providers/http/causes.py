"""Why there was no answer, in plain words: what the network said, and not what the layers above made of it."""

from __future__ import annotations

import socket
import ssl

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

_DEEPEST = 20
"""Errors within errors that are looked through."""


def cause_of(error: BaseException) -> str:
    """What the innermost error says, such as *connection refused*; empty when no error of the system is within."""
    inner = error
    for _ in range(_DEEPEST):
        found = _within(inner)
        if found is None:
            break
        inner = found
    if isinstance(inner, socket.gaierror):
        return f"its name is not known ({inner.strerror})"
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, TimeoutError) or not isinstance(inner, OSError) or inner is error:
        return ""
    said = inner.strerror or str(inner)
    return said[:1].lower() + said[1:]


def unheard(error: requests.RequestException) -> bool:
    """Whether no connection stood, so that nobody heard the request."""
    inner = _within(error)
    inner = getattr(inner, "reason", inner)
    return isinstance(inner, (NewConnectionError, ConnectTimeoutError))


def out_of_reach(error: requests.RequestException) -> bool:
    """Whether the next request to the same server would fare no better, as far as one can tell."""
    certain = (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.ConnectTimeout)
    return isinstance(error, certain) or unheard(error)


def _within(error: BaseException) -> BaseException | None:
    """The error that an error is about. requests hands it on as an argument, urllib3 under names of its own."""
    about = (getattr(error, "reason", None), getattr(error, "original_error", None), error.__cause__, *error.args)
    return next((one for one in about if isinstance(one, BaseException)), None)
