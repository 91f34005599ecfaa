"""Archives from outside: what is honest comes out as it went in, and nothing else comes out at all."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.providers.archives import BrokenArchiveError, HostileArchiveError, Limits, unpack

LIMITS = Limits()

names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in {".", ".."}
)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map("/".join), st.binary(max_size=2_000), max_size=6
).filter(lambda files: not any(path.startswith(f"{other}/") for path in files for other in files))


def archive(make: Callable[[zipfile.ZipFile], object]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        make(opened)
    return out.getvalue()


def of(*files: tuple[str, bytes]) -> bytes:
    def make(opened: zipfile.ZipFile) -> None:
        for name, data in files:
            opened.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

    return archive(make)


def out_of(data: bytes, place: Path, limits: Limits = LIMITS, around: str = "") -> dict[str, bytes]:
    place.mkdir(parents=True, exist_ok=True)
    (place / "x.zip").write_bytes(data)
    into = place / "files"
    into.mkdir()
    unpack(place / "x.zip", into, limits, around=around)
    found = (path for path in into.rglob("*") if path.is_file())
    return {path.relative_to(into).as_posix(): path.read_bytes() for path in found}


def special(name: str, mode: int, data: bytes = b"/etc/passwd") -> bytes:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (mode | 0o777) << 16
    return archive(lambda opened: opened.writestr(info, data))


@given(files=trees, wrapped=st.booleans())
def test_what_was_packed_comes_out(
    files: dict[str, bytes], wrapped: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = [(f"dtf-unit-1/{name}" if wrapped else name, data) for name, data in sorted(files.items())]
    place = tmp_path_factory.mktemp("archive")
    assert out_of(of(*entries), place, around="dtf-unit-1") == files


def test_a_directory_is_left_out_only_when_it_is_around_everything(tmp_path: Path) -> None:
    inside = {"a/x": b"1", "b": b"2"}
    assert out_of(of(*inside.items()), tmp_path / "1", around="a") == inside
    assert out_of(of(("a", b"a file of that name")), tmp_path / "2", around="a") == {"a": b"a file of that name"}
    assert out_of(of(("a/", b""), ("a/x", b"1")), tmp_path / "3", around="a") == {"x": b"1"}


CLIMBING = ["../x", "a/../../x", "/etc/x", "a/./x", "a//x", ".", "..", "a/..", "../", "./"]


@pytest.mark.parametrize("name", CLIMBING)
def test_names_that_leave_the_directory_are_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(HostileArchiveError):
        out_of(of(("first", b"good"), (name, b"bad")), tmp_path / "inside")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["files", "inside", "x.zip"]


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK], ids=stat.filemode
)
def test_links_and_devices_are_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(HostileArchiveError, match="link or a device"):
        out_of(special("x", mode), tmp_path)


def test_modes_are_not_taken_over(tmp_path: Path) -> None:
    out_of(special("x", stat.S_IFREG | stat.S_ISUID, b"data"), tmp_path)
    assert not (tmp_path / "files" / "x").stat().st_mode & (stat.S_ISUID | stat.S_IXUSR)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries", [(("x", b"1"), ("x", b"2")), (("x", b"1"), ("x/y", b"2")), (("x/y", b"2"), ("x", b"1"))]
)
def test_nothing_is_written_twice(entries: tuple[tuple[str, bytes], ...], tmp_path: Path) -> None:
    with pytest.raises(HostileArchiveError, match="twice"):
        out_of(of(*entries), tmp_path)


def test_bombs_are_refused_by_what_they_declare(tmp_path: Path) -> None:
    bomb = of(("zeros", bytes(3_000_000)))
    small = replace(LIMITS, judged=1_000_000)
    with pytest.raises(HostileArchiveError, match="bomb"):
        out_of(bomb, tmp_path / "ratio", replace(small, ratio=100))
    with pytest.raises(HostileArchiveError, match="unpacks to"):
        out_of(bomb, tmp_path / "size", replace(LIMITS, unpacked=1_000_000))
    assert out_of(bomb, tmp_path / "fine", replace(small, ratio=2_000)) == {"zeros": bytes(3_000_000)}


def test_a_file_that_declares_less_than_it_has_is_broken(tmp_path: Path) -> None:
    honest = of(("zeros", bytes(1_000_000)))
    lying = honest.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))
    assert lying != honest
    with pytest.raises(BrokenArchiveError):
        out_of(lying, tmp_path)
    assert (tmp_path / "files" / "zeros").stat().st_size <= 10


def test_many_files_directories_and_long_names_are_refused(tmp_path: Path) -> None:
    many = of(*((f"{number}", b"") for number in range(50)))
    with pytest.raises(HostileArchiveError, match="50 files"):
        out_of(many, tmp_path / "files", replace(LIMITS, files=49))
    with pytest.raises(HostileArchiveError, match="list of files"):
        out_of(many, tmp_path / "listing", replace(LIMITS, listing=1_000))
    deep = of(*(("/".join([str(number)] * 30), b"") for number in range(10)))
    with pytest.raises(HostileArchiveError, match="directories"):
        out_of(deep, tmp_path / "deep", replace(LIMITS, files=200))
    for name in ("x" * 256, "ü" * 128, "/".join(["x" * 200] * 11)):
        with pytest.raises(HostileArchiveError, match="too long"):
            out_of(of((name, b"")), tmp_path / f"long{len(name)}")


def test_the_list_of_files_is_measured_in_large_archives_too(tmp_path: Path) -> None:
    """The end of a zip64 archive: `zipfile` would read as much as it says."""
    listing = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(HostileArchiveError, match="list of files"):
        out_of(listing + locator + end, tmp_path)


def test_encrypted_files_and_rare_ways_to_compress_are_refused(tmp_path: Path) -> None:
    lzma = archive(lambda opened: opened.writestr("x", b"data" * 100, zipfile.ZIP_LZMA))
    with pytest.raises(HostileArchiveError, match="compressed in a way"):
        out_of(lzma, tmp_path / "lzma")
    plain = bytearray(of(("x", b"data")))
    plain[plain.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(HostileArchiveError, match="encrypted"):
        out_of(bytes(plain), tmp_path / "encrypted")


@given(data=st.binary(max_size=300))
def test_noise_is_broken(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises((BrokenArchiveError, HostileArchiveError)):
        out_of(data, tmp_path_factory.mktemp("noise"))


@given(at=st.integers(0, 10_000), by=st.integers(1, 255), cut=st.booleans())
def test_an_archive_that_was_changed_gives_the_same_files_or_none(
    at: int, by: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = {"events.ndjson": b'{"type": "x"}\n' * 20, "results/a.xml": b"<x/>"}
    data = bytearray(of(*files.items()))
    at %= len(data)
    if cut:
        del data[at:]
    else:
        data[at] = (data[at] + by) % 256
    try:
        found = out_of(bytes(data), tmp_path_factory.mktemp("changed"))
    except (BrokenArchiveError, HostileArchiveError):
        return
    assert sorted(found.values()) == sorted(files.values()), "names have no checksum, contents have"
