"""A folder as a host: builds and their artifacts as files, for machines without a provider, and for trying things out.

::

    builds/<build>/build.json              what the build was of, and how it ended
    builds/<build>/artifacts/<name>.json   an artifact: its file, digest and times
    builds/<build>/artifacts/<sha256>.zip
    runners.json                           what can run jobs, written by hand: {"runners": [{"name", "state", …}]}
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.access import Access, Right
from ci_orchestrator.providers.archives import PIECE
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.folder import access, file_name, locked, name_of, read_json, said, write_json
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner, RunnerState

if TYPE_CHECKING:
    import requests

ABILITIES = frozenset({Ability.UPLOAD, Ability.DELETE, Ability.LAST_GOOD, Ability.RUNNERS})
THIS_BUILD = "local"
"""What a build is called where nobody numbers them."""


class LocalHost:
    """See `online.Host`. `place.api` is the folder; there is nothing to be allowed, so the token is not used."""

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._root = Path(place.api)
        self._context = context
        self._clock = clock or SystemClock()

    @property
    def name(self) -> str:
        return "local"

    @property
    def abilities(self) -> frozenset[Ability]:
        return ABILITIES

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        """See `online.Host`. What has expired is not listed."""
        build = build or self._build
        now = self._clock.now()
        for path in sorted(self._artifacts(build).glob("*.json"), key=name_of):
            found = _artifact(build, read_json(path))
            if found is not None and not 0 < found.expires <= now:
                yield found

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        """See `online.Host`."""
        return self.download_from(artifact, 0)

    def download_from(self, artifact: Artifact, start: int) -> Iterator[bytes]:
        """See `online.Resuming`."""
        path = self._artifacts(artifact.build) / Path(artifact.key).name
        with said(f"reading the artifact {artifact.name!r}"), path.open("rb") as file:
            file.seek(start)
            while piece := file.read(PIECE):
                yield piece

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        """See `online.Host`. The same name replaces what was kept before; what has expired is removed."""
        place = self._artifacts(self._build)
        with said(f"keeping the artifact {name!r}"), locked(place):
            digest, size = _zipped(directory, place)
            now = self._clock.now()
            described = {
                "name": name,
                "key": f"{digest}.zip",
                "size": size,
                "digest": f"sha256:{digest}",
                "created": now,
                "expires": now + retain,
            }
            write_json(place / f"{file_name(name)}.json", described)
            _write_build(place.parent / "build.json", self._context, {})
            self._clean(place, now)

    def delete(self, artifact: Artifact) -> None:
        """See `online.Host`."""
        place = self._artifacts(artifact.build)
        with said(f"deleting the artifact {artifact.name!r}"), locked(place):
            (place / f"{file_name(artifact.name)}.json").unlink(missing_ok=True)
            self._clean(place, self._clock.now())

    def build(self, name: str) -> Build:
        """See `online.Host`."""
        found = read_json(self._root / "builds" / file_name(name) / "build.json")
        if not found:
            raise ProviderError(f"there is no build {name!r} in {self._root}", fix="see the names in its folder builds")
        return _build(found)

    def last_good(self, branch: str) -> Build | None:
        """See `online.Host`: of the builds that `end` was called for. A branch of a fork may be called as ours is."""
        ended = ((read_json(path), path.parent) for path in sorted(self._root.glob("builds/*/build.json")))
        good = [
            (_number(build.get("ended")), place.name, build)
            for build, place in ended
            if build.get("good") is True and build.get("branch") == branch and not _build(build).fork
        ]
        if not good:
            return None
        _, _, newest = max(good, key=lambda one: one[:2])
        return _build(newest)

    def end(self, *, good: bool) -> None:
        """Say how this build ended."""
        place = self._root / "builds" / file_name(self._build)
        with said("ending the build"), locked(place):
            _write_build(place / "build.json", self._context, {"good": good, "ended": self._clock.now()})

    def runners(self) -> Iterator[Runner]:
        """See `online.Host`: as `runners.json` has them."""
        listed = read_json(self._root / "runners.json").get("runners")
        found = [_runner(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        yield from sorted(found, key=lambda runner: (runner.group, runner.name))

    def check(self) -> tuple[Access, ...]:
        """See `online.Host`."""
        return access(self._root, (Right.ARTIFACTS, Right.RUNNERS))

    @property
    def _build(self) -> str:
        return self._context.build or THIS_BUILD

    def _artifacts(self, build: str) -> Path:
        return self._root / "builds" / file_name(build) / "artifacts"

    def _clean(self, place: Path, now: float) -> None:
        """Remove what has expired, and files that nothing names any more."""
        kept = set()
        for path in place.glob("*.json"):
            described = read_json(path)
            if 0 < _number(described.get("expires")) <= now:
                path.unlink(missing_ok=True)
            else:
                kept.add(described.get("key"))
        for path in place.glob("*.zip"):
            if path.name not in kept:
                path.unlink(missing_ok=True)


def _zipped(directory: Path, place: Path) -> tuple[str, int]:
    """Digest and size of the archive of a directory, which is in `place` under its digest."""
    with tempfile.NamedTemporaryFile(prefix=".part-", dir=place, delete=False) as out:
        part = Path(out.name)
        try:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                for where, names, files in os.walk(directory):
                    names.sort()
                    for path in sorted(Path(where, name) for name in files):
                        if path.is_symlink() or not path.is_file():
                            raise ProviderError(f"{path}: a link or a device cannot be kept", fix="keep a copy of it")
                        archive.write(path, path.relative_to(directory).as_posix())
            size = out.tell()
            out.seek(0)
        except BaseException:
            part.unlink()
            raise
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    part.replace(place / f"{digest}.zip")
    return digest, size


def _write_build(path: Path, context: Context, more: Mapping[str, Any]) -> None:
    known = {
        "id": context.build or THIS_BUILD,
        "revision": context.head or context.revision,
        "branch": context.branch,
        "change": context.change,
        "base": context.base,
        "fork": context.fork,
    }
    write_json(path, {**read_json(path), **known, **more})


def _build(described: Mapping[str, Any]) -> Build:
    name, revision, branch, url, base = (
        str(described.get(field, "")) for field in ("id", "revision", "branch", "url", "base")
    )
    change = int(_number(described.get("change")))
    fork = described.get("fork") is True or bool(change and described.get("fork") is not False)
    return Build(id=name, revision=revision, branch=branch, url=url, change=change, base=base, fork=fork)


def _artifact(build: str, described: Mapping[str, Any]) -> Artifact | None:
    if not isinstance(described.get("name"), str) or not isinstance(described.get("key"), str):
        return None
    return Artifact(
        name=described["name"],
        key=described["key"],
        build=build,
        size=int(_number(described.get("size"))),
        digest=str(described.get("digest", "")),
        created=_number(described.get("created")),
        expires=_number(described.get("expires")),
    )


def _runner(value: Mapping[str, Any]) -> Runner:
    state = RunnerState.OFFLINE
    with suppress(ValueError):
        state = RunnerState(str(value.get("state")))
    labels = value.get("labels")
    return Runner(
        name=str(value.get("name", "")),
        state=state,
        labels=tuple(sorted(map(str, labels))) if isinstance(labels, list) else (),
        group=str(value.get("group", "")),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
