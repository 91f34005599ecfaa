"""The one way to a provider over HTTP.

What fails in passing is tried again; what changes something only when it certainly was not done, so that nothing is
posted twice. What a provider says of its limits is obeyed. Proxies and certificates are those of requests' own
variables (``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``). A session is of one token and one place.

    meter = Meter()
    with session(meter, clock=clock) as line, explained("listing runners", place, {403: "…"}, mask):
        line.auth = Bearer(token.reveal())
        answer = line.get(f"{place.api}/…")
        answer.raise_for_status()
"""

from ci_orchestrator.providers.http.errors import FIXES, explained, own_words, refusal, refused, unreachable
from ci_orchestrator.providers.http.patience import CONNECT, HASTY, LONGEST_WAIT, READ, TRIES, Patience
from ci_orchestrator.providers.http.sending import PIECE, Bearer, hasty_session, meter_of, pieces, session
from ci_orchestrator.providers.meter import Meter

__all__ = [
    "CONNECT",
    "FIXES",
    "HASTY",
    "LONGEST_WAIT",
    "PIECE",
    "READ",
    "TRIES",
    "Bearer",
    "Meter",
    "Patience",
    "explained",
    "hasty_session",
    "meter_of",
    "own_words",
    "pieces",
    "refusal",
    "refused",
    "session",
    "unreachable",
]
