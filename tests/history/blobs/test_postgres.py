from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blob_places import postgres_server

from ci_orchestrator.history.blobs.opening import open_blobs


def test_builds_that_begin_at_once_make_one_table_and_names_keep_projects_apart() -> None:
    with postgres_server() as uri, ThreadPoolExecutor(8) as builds:

        def begin(number: int) -> bool:
            return open_blobs(f"{uri}#project{number % 2}", Path()).write(b"%d" % number, replacing=())

        assert list(builds.map(begin, range(8))) == [True] * 8
        for project in (0, 1):
            kept = {int(blob.data) for blob in open_blobs(f"{uri}#project{project}", Path()).read()}
            assert kept == set(range(project, 8, 2))
