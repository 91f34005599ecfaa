from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest

from ci_orchestrator.history.base import DamagedHistoryError, HistoryError
from ci_orchestrator.history.sealing import LARGEST_FILE, seal, unseal

CONTENT = bytes(range(256)) * 40


def sealed(tmp_path: Path, content: bytes = CONTENT) -> bytes:
    file = tmp_path / "file"
    file.write_bytes(content)
    return seal(file)


def claimed(body: bytes, size: int) -> bytes:
    """A body with a true digest, and whatever size."""
    return b"ci-orchestrator history 1 sha256:%s %d\n" % (hashlib.sha256(body).hexdigest().encode(), size) + body


@pytest.mark.parametrize("content", [b"", CONTENT])
def test_what_was_sealed_comes_back(tmp_path: Path, content: bytes) -> None:
    data = sealed(tmp_path, content)
    unseal(data, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content
    assert data.startswith(b"ci-orchestrator history 1 sha256:")
    assert sealed(tmp_path, content) == data


def test_no_part_of_it_can_be_missing(tmp_path: Path) -> None:
    data = sealed(tmp_path)
    for length in {*range(130), *range(130, len(data), 37)}:
        with pytest.raises(DamagedHistoryError):
            unseal(data[:length], tmp_path / "out")


def test_no_byte_of_it_can_be_another(tmp_path: Path) -> None:
    data = sealed(tmp_path)
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 0x04
        try:
            unseal(bytes(broken), tmp_path / "out")
        except HistoryError:
            continue
        pytest.fail(f"byte {place} was believed")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    body = zlib.compress(bytes(20_000_000))
    for size, why in ((1_000, "as long as it says"), (LARGEST_FILE + 1, "digest")):
        with pytest.raises(DamagedHistoryError, match=why):
            unseal(claimed(body, size), tmp_path / "out")
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size <= 1_001


@pytest.mark.parametrize("body", [b"no zlib", zlib.compress(CONTENT)[:-4], zlib.compress(CONTENT[1:])])
def test_a_digest_alone_makes_no_history(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(DamagedHistoryError):
        unseal(claimed(body, len(CONTENT)), tmp_path / "out")


@pytest.mark.parametrize("line", [b"ci-orchestrator history 2\n", b"ci-orchestrator history 10 blake3:12 any\nmore"])
def test_a_newer_version_is_no_damage(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(HistoryError, match="newer") as caught:
        unseal(line, tmp_path / "out")
    assert not isinstance(caught.value, DamagedHistoryError)


def test_what_could_not_be_unpacked_is_not_sealed(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as target:
        target.truncate(LARGEST_FILE + 1)
    with pytest.raises(HistoryError, match="larger than"):
        seal(file)
