"""Images on a branch of their own: what a comment can show, for artifacts cannot be shown in one.

The branch shares no commit with others and nobody works on it. A file is named by the hash of its bytes, so that it
never changes, and two jobs that keep the same image keep it once.
"""

from __future__ import annotations

import base64
import hashlib
import re
from http import HTTPStatus
from pathlib import PurePath
from urllib.parse import quote

import requests

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.github.line import Line, status_of
from ci_orchestrator.providers.github.permissions import IMAGES

BRANCH = "ci-orchestrator-data"
TRIES = 6
"""How often a commit is tried to be added when others add theirs at the same time."""
_MESSAGE = "An image of a report"
_ENDING = re.compile(r"\.(?:png|svg|gif|jpg)")


def keep(line: Line, name: str, data: bytes) -> str:
    """Put an image on the branch, which is made if need be; its address. Raises `ProviderError`."""
    ending = PurePath(name).suffix.lower()
    path = f"images/{hashlib.sha256(data).hexdigest()}{ending if _ENDING.fullmatch(ending) else '.png'}"
    content = base64.b64encode(data).decode("ascii")
    with line.asking(IMAGES):
        for tried in range(1, TRIES + 1):
            try:
                line.call("PUT", f"/contents/{path}", {"message": _MESSAGE, "content": content, "branch": BRANCH})
                break
            except requests.HTTPError as error:
                status = status_of(error)
                if status == HTTPStatus.UNPROCESSABLE_ENTITY and _there(error):
                    break
                if status == HTTPStatus.NOT_FOUND:
                    _begin(line)
                elif status != HTTPStatus.CONFLICT or tried == TRIES:
                    raise
        else:
            raise ProviderError(f"{IMAGES.what} of {line.place.repository}: others were first {TRIES} times")
    return f"{line.place.web}/{quote(line.place.repository)}/blob/{BRANCH}/{path}?raw=true"


def _there(error: requests.HTTPError) -> bool:
    """GitHub wants the hash of the file that is to be replaced: so it is there, and its name says what it is."""
    return error.response is not None and b"sha" in error.response.content


def _begin(line: Line) -> None:
    """The branch, with one commit that has no parent. Somebody else may be first."""
    files = [{"path": "README.md", "mode": "100644", "type": "blob", "content": _README}]
    tree = line.call("POST", "/git/trees", {"tree": files})
    commit = line.call(
        "POST", "/git/commits", {"message": "Data of ci-orchestrator", "tree": tree["sha"], "parents": []}
    )
    try:
        line.call("POST", "/git/refs", {"ref": f"refs/heads/{BRANCH}", "sha": commit["sha"]})
    except requests.HTTPError as error:
        if status_of(error) != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise


_README = (
    "Images that reports of ci-orchestrator show in comments. This branch may be deleted: old comments lose theirs.\n"
)
