"""What lies in the folders of a report: bundles, and files that may tell something. Nothing is left out in silence."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from ci_orchestrator.api import own
from ci_orchestrator.api.opening import open_regular
from ci_orchestrator.run.bundle import EVENTS, MANIFEST, by_attempt, is_bundle


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be searched. `path`: as it was come to. `real`: where it is. `hidden`: something on the way is."""

    path: Path
    real: Path
    hidden: bool


@dataclass(slots=True, kw_only=True)
class Search:
    """Finds all in and below the folders that it is given, each thing once, whichever way leads to it.

    `project`: where links may lead besides the folder itself. `out`: what is ours there is not looked at.

    `bundles`: also those in hidden folders; no other file is looked for within one. `files`: regular ones that are
    hidden in nothing. `reports`: folders of reports of ours, whose files are no results. `links`: those that were not
    followed: they lead elsewhere, to nothing, to no regular file, or back to what they lie in. `closed`: what cannot be
    read, by why.
    """

    project: Path
    out: Path | None = None
    bundles: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    closed: dict[Path, str] = field(default_factory=dict)
    _folders: set[tuple[Path, bool]] = field(default_factory=set)
    _files: set[Path] = field(default_factory=set)  # and bundles: where all that was found really is

    def add(self, root: Path) -> None:
        """Search a folder. What is come to by a link comes last, so that it has the name it is known by if it has one.

        Raises `OSError` when the folder itself cannot be read.
        """
        with os.scandir(root):
            pass
        home = root.resolve()
        waiting, links = [_Folder(root, home, hidden=False)], deque[Path]()
        while waiting or links:
            if not waiting:
                waiting += self._follow(links.popleft(), home)
                continue
            folder = waiting.pop()
            if (folder.real, folder.hidden) in self._folders:
                continue
            self._folders.add((folder.real, folder.hidden))
            try:
                waiting += self._look(folder, links)
            except OSError as error:
                self.closed[folder.path] = error.strerror or str(error)
        self.bundles.sort(key=by_attempt)

    def _look(self, folder: _Folder, links: deque[Path]) -> list[_Folder]:
        """Take what lies in a folder; returns the folders in it."""
        with os.scandir(folder.path) as found:
            entries = {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}
        if (EVENTS in entries or MANIFEST in entries) and is_bundle(folder.path):
            if folder.real not in self._files:
                self._files.add(folder.real)
                self.bundles.append(folder.path)
            return []
        ours = frozenset[str]() if folder.hidden else self._ours(folder, entries)
        inner: list[_Folder] = []
        for name, entry in entries.items():
            hidden = folder.hidden or name.startswith(".")
            if name in ours:
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append(_Folder(folder.path / name, folder.real / name, hidden))
            elif hidden:
                continue
            elif entry.is_symlink():
                links.append(folder.path / name)
            elif entry.is_file(follow_symlinks=False):
                self._take(folder.path / name, folder.real / name)
        return inner

    def _take(self, file: Path, real: Path) -> None:
        if real not in self._files:
            self._files.add(real)
            self.files.append(file)

    def _ours(self, folder: _Folder, entries: Mapping[str, os.DirEntry[str]]) -> frozenset[str]:
        """The names in a folder that are of a report of ours: other things may lie beside it."""
        if self.out is not None and folder.real == self.out.resolve():
            return own.NAMES | own.FOLDERS
        said = entries.get(own.REPORT)
        if said is None or not said.is_file(follow_symlinks=False):
            return frozenset()
        with open_regular(folder.path / own.REPORT) as file:
            if not own.is_report(file.read(200)):
                return frozenset()
        self.reports.append(folder.path)
        return own.NAMES | own.FOLDERS

    def _follow(self, link: Path, home: Path) -> list[_Folder]:
        """Take the file that a link leads to, or return the folder."""
        try:
            real = link.resolve(strict=True)
            mode = real.stat().st_mode
        except PermissionError as error:
            self.closed[link] = error.strerror or str(error)
            return []
        except (OSError, RuntimeError):  # the second: how pathlib tells a loop of links before Python 3.13
            self.links.append(link)
            return []
        inside = any(real.is_relative_to(place) for place in (home, self.project.resolve()))
        if inside and S_ISDIR(mode) and (real == home or not home.is_relative_to(real)):
            return [_Folder(link, real, hidden=False)]
        if not inside or not S_ISREG(mode):
            self.links.append(link)
        else:
            self._take(link, real)
        return []
