"""Which forge a repository lives at, by the address that git fetches it from.

Sources: https://git-scm.com/docs/git-fetch#URLS (the forms of an address),
https://docs.github.com/authentication/troubleshooting-ssh/using-ssh-over-the-https-port (``ssh.github.com``),
https://docs.gitlab.com/user/gitlab_com/ (``altssh.gitlab.com``),
https://learn.microsoft.com/azure/devops/repos/git/use-ssh-keys-to-authenticate (``ssh.dev.azure.com:v3/…``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from ci_orchestrator.providers.base import Place

_LONGEST = 2048
"""Characters of an address. What is longer is none."""
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^/:@\s]+):(?!//)(?P<path>.*)", re.ASCII)
_USUAL = {"http": 80, "https": 443}
"""The ports of what people open, too."""
_OTHERS = dict.fromkeys(("git", "git+ssh", "ssh", "ssh+git"), "https://{host}")
"""Schemes that only git speaks, and what people open instead."""
_KINDS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "dev.azure.com": "azure",
    "ssh.dev.azure.com": "azure",
    "vs-ssh.visualstudio.com": "azure",
}
_SAME = {"www.github.com": "github.com", "ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
"""Other names of hosts."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where git fetches from, without credentials. `site`: what people open; `path`: its parts, decoded."""

    host: str
    site: str
    path: tuple[str, ...]


def place_of(remote_url: str, *, known: Mapping[str, str]) -> Place | None:
    """The forge of a git remote, None when it is no address of one, or of a kind of forge that nobody told.

    `remote_url`: as ``https://…``, ``ssh://…`` or ``git@host:…``; credentials in it are dropped. `known`: kinds of
    forges (``github``, ``gitlab``, ``azure``) by host, or by ``host:port``, in lower case, beyond the public ones.
    """
    address = _address(remote_url)
    if address is None:
        return None
    kind = _kind(address, known)
    return _PLACES[kind](address) if kind in _PLACES else None


def told_place(told: str) -> Place | None:
    """The forge of ``KIND=URL``, of a kind that `place_of` knows; None when it is no such address."""
    kind, _, url = told.partition("=")
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    place = place_of(url, known={host: kind})
    return place if place is not None and place.kind == kind else None


def _kind(address: Address, known: Mapping[str, str]) -> str:
    host = address.host
    told = known.get(address.site.partition("://")[2]) or known.get(host)
    if told:
        return told
    if host.endswith(".visualstudio.com"):
        return "azure"
    return "github" if host.endswith(".ghe.com") else _KINDS.get(host, "")


def _address(url: str) -> Address | None:
    """The parts of a remote; None for a local path, and for what git would not take either."""
    if len(url) > _LONGEST or not url.isprintable():
        return None
    if "://" not in url:
        found = _SCP.fullmatch(url)
        return _checked(found["host"], _OTHERS["ssh"], found["path"]) if found else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.query or parts.fragment or parts.scheme not in {*_USUAL, *_OTHERS}:
        return None
    usual = port in (None, _USUAL.get(parts.scheme, port))  # the port of SSH says nothing of what people open
    here = f"{parts.scheme}://{{host}}{'' if usual else f':{port}'}"
    return _checked(host, _OTHERS.get(parts.scheme, here), parts.path)


def _checked(host: str, site: str, path: str) -> Address | None:
    """An address, when host and parts of the path are such. `site`: with ``{host}``."""
    host = _SAME.get(host.lower(), host.lower())
    parts = tuple(unquote(part) for part in path.strip("/").split("/"))
    if not _HOST.fullmatch(host) or not all(map(_is_part, parts)):
        return None
    return Address(host, site.format(host=host), parts)


def _is_part(part: str) -> bool:
    return part not in ("", ".", "..", ".git") and part.isprintable() and not set(part) & set("/\\?#<>\"'")


def _repository(parts: tuple[str, ...]) -> str:
    return "/".join(parts).removesuffix(".git")


def _github(address: Address) -> Place | None:
    """https://docs.github.com/enterprise-server/rest/quickstart: the API of one's own server is under ``/api/v3``, that
    of a subdomain of ghe.com in front of it.
    """
    if len(address.path) != 2:
        return None
    scheme, _, host = address.site.partition("://")
    in_front = address.host == "github.com" or address.host.endswith(".ghe.com")
    api = f"{scheme}://api.{host}" if in_front else f"{address.site}/api/v3"
    return Place(kind="github", api=api, web=address.site, repository=_repository(address.path))


def _gitlab(address: Address) -> Place | None:
    """Any number of groups."""
    if len(address.path) < 2:
        return None
    return Place(kind="gitlab", api=f"{address.site}/api/v4", web=address.site, repository=_repository(address.path))


def _azure(address: Address) -> Place | None:
    """``…/_git/REPOSITORY``, or ``v3/ORGANIZATION/PROJECT/REPOSITORY`` over SSH. A project's main repository has its
    name, and the project is left out then. What stands before is an organization, or a collection of one's own server.
    """
    parts = address.path
    if address.host in ("ssh.dev.azure.com", "vs-ssh.visualstudio.com"):
        if len(parts) != 4 or parts[0] != "v3":
            return None
        return _azure_place(f"https://dev.azure.com/{quote(parts[1])}", parts[2], parts[3])
    if "_git" not in parts[:-1]:
        return None
    at = parts.index("_git")
    before, after = parts[:at], [part for part in parts[at + 1 :] if part not in ("_full", "_optimized")]
    if len(after) != 1:
        return None
    return _azure_web(address, list(before), after[0])


def _azure_web(address: Address, before: list[str], repository: str) -> Place | None:
    if address.host.endswith(".visualstudio.com"):
        site = f"https://dev.azure.com/{address.host.removesuffix('.visualstudio.com')}"
        projects = [part for part in before if part.lower() != "defaultcollection"]
    elif address.host == "dev.azure.com":
        site = f"{address.site}/{quote(before[0])}" if before else ""
        projects = before[1:]
    else:
        collection = before[:-1] if len(before) > 1 else before
        site = "/".join([address.site, *map(quote, collection)])
        projects = before[len(collection) :]
    if not site or len(projects) > 1:
        return None
    return _azure_place(site, projects[0] if projects else repository, repository)


def _azure_place(site: str, project: str, repository: str) -> Place:
    return Place(kind="azure", api=site, web=site, repository=f"{project}/{repository}")


_PLACES: Mapping[str, Callable[[Address], Place | None]] = {"azure": _azure, "github": _github, "gitlab": _gitlab}
