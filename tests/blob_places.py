"""Places that keep the history between builds, new and empty: real git, a real PostgreSQL, S3 as moto serves it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from parts import need

from ci_orchestrator.history.blobs.base import BlobStore
from ci_orchestrator.history.blobs.opening import open_blobs

KINDS = ("branch", "folder", "memory", "postgres", "s3")
S3_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)


def git(folder: Path, *arguments: str) -> str:
    """What git says there."""
    quiet = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *quiet, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def checkout(folder: Path) -> Path:
    """A project's checkout in `folder`/work, with one commit that its origin has, too."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--bare", "origin.git")
    git(folder, "init", "--quiet", "work")
    work = folder / "work"
    (work / "file").write_text("text\n")
    git(work, "add", "file")
    git(work, "commit", "--quiet", "-m", "first")
    git(work, "remote", "add", "origin", f"file://{folder}/origin.git")
    git(work, "push", "--quiet", "--set-upstream", "origin", "main")
    return work


@contextmanager
def s3_server() -> Iterator[None]:
    """A server with a bucket called ``bucket``, which boto3 finds by the environment."""
    moto = _moto()
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with _environment({"AWS_ENDPOINT_URL": f"http://{host}:{port}", **S3_ENVIRONMENT}):
            import boto3  # noqa: PLC0415 - optional

            boto3.client("s3").create_bucket(Bucket="bucket")
            yield
    finally:
        server.stop()


def _moto() -> Any:
    try:
        import moto.server  # noqa: PLC0415 - optional
    except ImportError:
        need(False, "moto is not installed: pip install 'moto[server,s3]'")
    return moto.server


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a database of its own, in a folder that its user may enter (those of pytest are root's)."""
    programs = POSTGRES[-1] if POSTGRES else None
    need(programs, "PostgreSQL is not installed: apt-get install postgresql")
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to be root
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        if user:
            shutil.chown(folder, user)

        def call(program: str, *arguments: str) -> None:
            command = [f"{programs}/{program}", "-D", f"{folder}/data", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder, env={"LC_ALL": "C"})

        call("initdb", "-U", "keeper", "-A", "trust", "-N")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        call("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://keeper@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-m", "immediate", "stop")


class Places:
    """Makes places; servers start when they are first asked for, and stop when this is closed."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._numbers = count()
        self._servers: dict[str, Any] = {}

    def make(self, kind: str, folder: Path) -> Callable[[], BlobStore]:
        """A new place. Each call of the answer opens it again, as another build would."""
        number = next(self._numbers)
        if kind == "memory":
            one = open_blobs("memory:", folder)
            return lambda: one
        if kind == "folder":
            return lambda: open_blobs("kept/here", folder)
        if kind == "branch":
            work = checkout(folder)
            return lambda: open_blobs("branch:ci/history", work)
        if kind == "s3":
            self._server("s3", s3_server)
            return lambda: open_blobs(f"s3://bucket/place/{number}", folder)
        uri = self._server("postgres", postgres_server)
        return lambda: open_blobs(f"{uri}#place{number}", folder)

    def close(self) -> None:
        """Stop what was started."""
        self._open.close()

    def _server(self, name: str, start: Callable[[], AbstractContextManager[Any]]) -> Any:
        if name not in self._servers:
            self._servers[name] = self._open.enter_context(start())
        return self._servers[name]
