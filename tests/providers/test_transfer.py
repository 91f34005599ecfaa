"""Artifacts come whole or not at all, whatever the line does; what is staged is what was there."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.base import zipped

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError, UnreachableError, UserError
from ci_orchestrator.providers.archives import Limits
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner
from ci_orchestrator.providers.transfer import SIDECAR, TRIES, fetch, stage

FILES = {"events.ndjson": b'{"type": "x"}\n' * 100, "results/a.xml": b"<x/>"}
DATA = zipped(FILES)
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
ARTIFACT = Artifact(name="dtf-unit-1", key="1", digest=DIGEST)


@dataclass
class Line:
    """A host whose connection is cut: at byte `cuts[n]` of what the nth request asks for, -1 for never."""

    cuts: Sequence[int] = ()
    data: Sequence[bytes] = (DATA,)
    refuses: bool = False
    starts: list[int] = field(default_factory=list)
    name: str = "test"
    abilities: frozenset[Ability] = frozenset()

    def _sent(self, start: int) -> Iterator[bytes]:
        number = len(self.starts)
        self.starts.append(start)
        data = self.data[min(number, len(self.data) - 1)][start:]
        cut = self.cuts[number] if number < len(self.cuts) else -1
        for at in range(0, len(data) if cut < 0 else cut, 7):
            yield data[at : at + 7] if cut < 0 else data[at : min(at + 7, cut)]
        if cut == 0 and self.refuses:
            raise ProviderError("not for you")
        if cut >= 0:
            raise UnreachableError("the connection was cut")

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        return self._sent(0)

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        yield ARTIFACT

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        raise NotImplementedError

    def delete(self, artifact: Artifact) -> None:
        raise NotImplementedError

    def last_good(self, branch: str) -> Build | None:
        raise NotImplementedError

    def runners(self) -> Iterator[Runner]:
        raise NotImplementedError


class ResumingLine(Line):
    def download_from(self, artifact: Artifact, start: int) -> Iterator[bytes]:
        return self._sent(start)


def files_of(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


@given(cuts=st.lists(st.integers(-1, len(DATA) - 1), max_size=5), told=st.booleans(), resuming=st.booleans())
def test_it_comes_whole_or_not_at_all(
    cuts: list[int], told: bool, resuming: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("fetch")
    host = (ResumingLine if resuming else Line)(cuts=cuts)
    try:
        fetch(host, ARTIFACT if told else Artifact(name="dtf-unit-1", key="1"), place / "unit", clock=FakeClock())
    except ProviderError:
        assert list(place.iterdir()) == []
        assert sum(cut >= 0 for cut in cuts) >= TRIES, "one try less than that is survived"
    else:
        assert [path.name for path in place.iterdir()] == ["unit"]
        assert files_of(place / "unit") == FILES
    assert len(host.starts) <= TRIES


def test_a_cut_download_goes_on_where_the_host_can(tmp_path: Path) -> None:
    host = ResumingLine(cuts=[20, 30])
    fetch(host, ARTIFACT, tmp_path / "unit", clock=FakeClock())
    assert host.starts == [0, 20, 50]
    host = Line(cuts=[20, 30])
    fetch(host, ARTIFACT, tmp_path / "again", clock=FakeClock())
    assert host.starts == [0, 0, 0]


def test_a_refusal_is_not_asked_again(tmp_path: Path) -> None:
    host = Line(cuts=[0], refuses=True)
    with pytest.raises(ProviderError, match="not for you"):
        fetch(host, ARTIFACT, tmp_path / "unit", clock=FakeClock())
    assert len(host.starts) == 1


def test_what_is_not_what_the_provider_says_is_fetched_again(tmp_path: Path) -> None:
    other = zipped({"evil": b"x"})
    clock = FakeClock()
    begun = clock.now()
    fetch(Line(data=(other, DATA)), ARTIFACT, tmp_path / "unit", clock=clock)
    assert files_of(tmp_path / "unit") == FILES
    assert clock.now() > begun
    with pytest.raises(ProviderError, match="damaged 3 times: its digest is"):
        fetch(Line(data=(other,)), ARTIFACT, tmp_path / "never", clock=clock)
    assert not (tmp_path / "never").exists()


def test_an_archive_that_would_do_harm_is_fetched_once(tmp_path: Path) -> None:
    host = Line(data=(zipped({"../x": b""}),))
    with pytest.raises(ProviderError, match=r"is refused: it has a file '\.\./x'"):
        fetch(host, Artifact(name="evil", key="1"), tmp_path / "in" / "evil", clock=FakeClock())
    assert len(host.starts) == 1
    assert list((tmp_path / "in").iterdir()) == []


def test_more_bytes_than_are_taken(tmp_path: Path) -> None:
    limits = Limits(download=100)
    host = Line()
    with pytest.raises(ProviderError, match="are taken at most"):
        fetch(host, Artifact(name="x", key="1", size=101), tmp_path / "told", limits=limits)
    assert host.starts == []
    with pytest.raises(ProviderError, match="longer than 100 bytes"):
        fetch(host, Artifact(name="x", key="1"), tmp_path / "untold", limits=limits)


def test_a_directory_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(UserError, match="has files already"):
        fetch(Line(), ARTIFACT, tmp_path)
    assert files_of(tmp_path) == {"mine": b"precious"}
    with pytest.raises(UserError, match="cannot be written"):
        fetch(Line(), ARTIFACT, tmp_path / "mine" / "below")


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    fetch(Line(), ARTIFACT, tmp_path / "unit")
    assert files_of(tmp_path / "unit") == FILES


# -- what a step of the pipeline carries -----------------------------------------------------------


def written(directory: Path) -> Path:
    for name, data in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)
    return directory


def test_what_is_staged_is_checked_where_it_arrives(tmp_path: Path) -> None:
    staged = stage("report", written(tmp_path / "made"), tmp_path / "carried", retain=60, now=1_000.5)
    sidecar = json.loads((staged / SIDECAR).read_bytes())
    assert (sidecar["name"], sidecar["created"], sidecar["expires"]) == ("report", 1_000.5, 1_060.5)
    kept = files_of(staged)
    fetch(Line(data=(zipped(kept),)), Artifact(name="report", key="1"), tmp_path / "back", clock=FakeClock())
    assert files_of(tmp_path / "back") == kept
    for changed in ({**kept, "results/a.xml": b"<y/>"}, {name: kept[name] for name in kept if "a.xml" not in name}):
        with pytest.raises(ProviderError, match=r"its file 'results/a.xml' is missing, or not what was kept"):
            fetch(Line(data=(zipped(changed),)), Artifact(name="report", key="1"), tmp_path / "no", clock=FakeClock())


@pytest.mark.parametrize(
    "sidecar",
    [
        b"[]",
        b"{",
        b'{"version": 1}',
        b'{"version": 2, "files": {"x": "y"}}',
        b'{"version": 1, "files": {"../x": ""}}',
        b'{"version": 1, "files": {"x": 1}}',
        b"[" * 100_000,
    ],
)
def test_a_file_of_that_name_may_be_anybodys(sidecar: bytes, tmp_path: Path) -> None:
    files = {**FILES, SIDECAR: sidecar}
    fetch(Line(data=(zipped(files),)), Artifact(name="report", key="1"), tmp_path / "back", clock=FakeClock())
    assert files_of(tmp_path / "back") == files


def test_staging_again_replaces_and_staging_what_is_there_leaves_it(tmp_path: Path) -> None:
    made = written(tmp_path / "made")
    stage("report", made, tmp_path / "carried")
    (made / "results" / "a.xml").unlink()
    staged = stage("report", made, tmp_path / "carried")
    assert sorted(files_of(staged)) == [SIDECAR, "events.ndjson"]
    before = files_of(staged)
    assert stage("report", staged, tmp_path / "carried") == staged
    assert files_of(staged) == before
    assert [path.name for path in (tmp_path / "carried").iterdir()] == ["report"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0"])
def test_names_that_are_none_of_a_directory(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no name of an artifact"):
        stage(name, written(tmp_path / "made"), tmp_path / "carried")


def test_links_and_devices_are_not_staged(tmp_path: Path) -> None:
    made = written(tmp_path / "made")
    (made / "link").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="a link or a device"):
        stage("report", made, tmp_path / "carried")
    (made / "link").unlink()
    os.mkfifo(made / "pipe")
    with pytest.raises(UserError, match="a link or a device"):
        stage("report", made, tmp_path / "carried")
    assert list((tmp_path / "carried").iterdir()) == []


# -- memory ----------------------------------------------------------------------------------------

MEMORY = """
import sys
from pathlib import Path
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.archives import Limits
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.api import LocalHost
from ci_orchestrator.providers.transfer import fetch
root = Path(sys.argv[1])
host = LocalHost(Place(kind="local", api=str(root / "host"), web="", repository=""), Secret(""), context=Context())
host.put("large", root / "large", retain=60)
fetch(host, next(host.artifacts()), root / "back", limits=Limits(ratio=2_000))
assert (root / "back" / "file").stat().st_size == (root / "large" / "file").stat().st_size
# its own peak: getrusage also knows that of the process that it was forked from
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
"""


def test_memory_does_not_grow_with_an_artifact(tmp_path: Path) -> None:
    """150 MB here, to be quick; 2 GB takes the same."""
    (tmp_path / "large").mkdir()
    with (tmp_path / "large" / "file").open("wb") as out:
        out.truncate(150 << 20)
    done = subprocess.run([sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100 << 10, "kilobytes"
