"""How gitlab-ci-local 4.73 names the instances of a parallel job, and the folder of each job under its state folder."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Mapping
from typing import Any

LONGEST = 255 - 17  # its own bound of a folder's name, in bytes


def folder_name(job: str) -> str:
    """Folder of a job under builds/ and artifacts/, and the stem of its log under output/."""
    encoded = re.sub(r"[^\w-]+", lambda run: _base64(run.group()), job, flags=re.ASCII)
    if len(encoded) <= LONGEST:
        return encoded
    digest = hashlib.sha256(job.encode()).hexdigest()[:16]
    return f"{encoded[: LONGEST - 1 - len(digest)]}-{digest}"


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def instances(name: str, job: Mapping[str, Any]) -> list[str]:
    """Names of a job's instances: itself, or one for each `parallel` number or cell of its matrix."""
    parallel = job.get("parallel")
    if isinstance(parallel, int):
        return [f"{name}: [{index}/{parallel}]" for index in range(1, parallel + 1)]
    if isinstance(parallel, dict):
        return [f"{name}: [{','.join(cell)}]" for entry in parallel["matrix"] for cell in _cells(entry)]
    return [name]


def _cells(entry: Mapping[str, Any]) -> list[tuple[str, ...]]:
    axes = [[str(value) for value in (values if isinstance(values, list) else [values])] for values in entry.values()]
    return list(itertools.product(*axes))
