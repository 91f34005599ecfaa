"""One blob in a branch of the project's repository: no server and no service but the forge that is there.

The branch has one commit without parents and is replaced as a whole, so the repository does not grow by every build
(what is no longer reachable, the forge removes). ``--force-with-lease`` has the forge compare before it replaces: who
comes second reads again, merges and tries again. A branch that holds anything else is never touched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ci_orchestrator.errors import UserError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import LARGEST, Blob
from ci_orchestrator.history.blobs.git import REMOTE, Git, GitError, without_logins
from ci_orchestrator.plan.memory_place import is_branch

FILE, README = "history.bin", "README.md"
_TRIES = 20
_SAYS = """# History of tests

[ci-orchestrator](https://pypi.org/project/ci-orchestrator/) keeps here what it remembers of earlier builds.
The branch has one commit, which every build replaces. Delete the branch, and the next build begins anew.
"""
_MESSAGE = "History of tests [skip ci]"
_AS_IT_IS = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
_FIX = "let the job's token write to the repository, exempt the branch from protection, or keep the history elsewhere"


class BranchBlobs:
    """`history.blobs.base.BlobStore` in ``BRANCH`` or ``BRANCH@REMOTE`` (by default origin; a URL will do) of the
    repository that `root` is in. Raises `UserError` for what cannot be the name of a branch."""

    def __init__(self, address: str, root: Path) -> None:
        self._branch, _, remote = address.partition("@")
        self._remote, self._root = remote or "origin", root
        if not is_branch(self._branch) or self._remote.startswith("-"):
            raise UserError(f"branch:{without_logins(address)} names no branch", fix="write branch:NAME or NAME@REMOTE")
        self._ref = f"refs/heads/{self._branch}"
        self.place = f"the branch {self._branch} of {without_logins(self._remote)}"

    def read(self) -> Sequence[Blob]:
        with self._git() as git:
            for _ in range(_TRIES):
                tip = self._tip(git)
                if not tip:
                    return ()
                git.ask("fetch", *_AS_IT_IS, REMOTE, self._ref)
                if git.knows(tip):  # else it was replaced between the two questions
                    return (Blob(tip, self._content(git, tip)),)
        raise HistoryError(f"{self.place} changes faster than it can be read", fix="run fewer builds at once")

    def write(self, data: bytes, *, replacing: Sequence[Blob]) -> bool:
        expected = "".join(blob.version for blob in replacing)  # nothing: the branch must not be there
        with self._git() as git:
            commit = self._commit(git, data)
            lease = f"--force-with-lease={self._ref}:{expected}"
            try:
                git.ask("push", "--no-signed", lease, REMOTE, f"{commit}:{self._ref}")
            except GitError as error:
                tip = self._tip(git)
                if tip == expected:
                    raise HistoryError(f"{self.place} cannot be written: {error.what}", fix=_FIX) from None
                return tip == commit  # then it was written, and only the answer got lost
        return True

    def _tip(self, git: Git) -> str:
        """The commit of the branch; empty when there is none."""
        lines = git.ask("ls-remote", REMOTE, self._ref).decode("utf-8", "replace").splitlines()
        pairs = (line.split("\t") for line in lines)  # refs/heads/refs/heads/NAME would be told, too
        return next((commit for commit, ref in pairs if ref == self._ref), "")

    def _content(self, git: Git, tip: str) -> bytes:
        listed = git.ask("ls-tree", "--full-tree", "--long", "-z", tip).decode("utf-8", "replace").split("\0")[:-1]
        entries = {name: facts.split() for facts, _, name in (line.partition("\t") for line in listed)}
        if FILE not in entries or not set(entries) <= {FILE, README} or entries[FILE][1] != "blob":
            fix = "name a branch that does not exist yet"
            raise HistoryError(f"{self.place} holds something else than a history, and is left alone", fix=fix)
        _, _, blob, size = entries[FILE]
        return git.ask("cat-file", "blob", blob) if int(size) <= LARGEST else b""

    def _commit(self, git: Git, data: bytes) -> str:
        files = {FILE: data, README: _SAYS.encode()}
        tree = "".join(
            f"100644 blob {git.ask('hash-object', '-w', '--stdin', data=content).decode().strip()}\t{name}\0"
            for name, content in sorted(files.items())
        )
        made = git.ask("mktree", "-z", data=tree.encode()).decode().strip()
        return git.ask("commit-tree", "--no-gpg-sign", made, "-m", _MESSAGE).decode().strip()

    @contextmanager
    def _git(self) -> Iterator[Git]:
        with tempfile.TemporaryDirectory(prefix="ci-orchestrator-") as scratch:
            try:
                yield Git(self._root, Path(scratch), self._remote)
            except GitError as error:
                fix = "check the remote's address, the job's token and the network"
                raise HistoryError(f"{self.place} cannot be used: {error.what}", fix=fix) from None
