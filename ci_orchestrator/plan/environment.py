"""What a CI job gets ready before its tests, and what stands beside them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ci_orchestrator.plan.fields import Command, EnvName, Label, Listed, Model, ProjectPath, Text

Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,39}$")]
_PART = r"[A-Za-z0-9._@+-]*"  # with what stands before it: no `..`, which would lead out of the project
CachePath = Annotated[
    str, Field(pattern=rf"^(~/)?\.?[A-Za-z0-9_]{_PART}(/\.?[A-Za-z0-9_@+-]{_PART})*/?$", max_length=202)
]
Image = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$")]
Port = Annotated[str, Field(pattern=r"^[0-9]{1,5}(:[0-9]{1,5})?$")]
Alias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Checkout(Model):
    """How the source is fetched."""

    depth: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """Commits of history; 0 for all."""
    submodules: bool = False
    """Whether submodules are fetched, recursively."""
    lfs: bool = False
    """Whether files in Git LFS are fetched."""


class Toolchain(Model):
    """Languages, set up by the provider's own means where it has them; else the runner must have them."""

    python: Version | None = None
    """A version of Python, such as "3.12"."""
    node: Version | None = None
    """A version of Node.js."""
    go: Version | None = None
    """A version of Go."""
    java: Version | None = None
    """A version of Java."""

    def chosen(self) -> dict[str, str]:
        """Language → version, for those that were asked for, sorted."""
        return {name: str(version) for name, version in sorted(self.model_dump().items()) if version is not None}


class Cache(Model):
    """Directories that are kept between builds."""

    paths: Listed[CachePath] = ()
    """What is kept: relative to the project, or below the home directory (`~/`)."""
    key: Listed[ProjectPath] = ()
    """Files whose content names the cache: when one changes, a new cache begins."""


class Setup(Model):
    """How a CI job gets ready, before its tests. On this machine nothing of it is done: it is taken as it is."""

    checkout: Checkout = Checkout()
    """How the source is fetched."""
    toolchain: Toolchain = Toolchain()
    """Languages to set up."""
    run: Listed[Command] = ()
    """Commands, one after another, from the project's directory; no shell expands anything in them."""
    cache: Cache = Cache()
    """What is kept between builds."""


class Service(Model):
    """A container beside the tests; they reach it by its name, or on GitHub without a container at `localhost`."""

    image: Image
    """The image, such as `postgres:16`."""
    env: dict[EnvName, Text] = {}
    """Its environment variables."""
    ports: Listed[Port] = ()
    """Ports to publish: `5432`, or `host:container`."""


class Coverage(Model):
    """The coverage that the suite's tool writes."""

    report: ProjectPath
    """The file that it writes, relative to `cwd`. It is kept in the bundle, and shown by the provider's own means. The
    tools `go`, `jest` and `vitest` are made to write it; others are told to by `args` or their configuration."""
    map: dict[Label, ProjectPath] = {}
    """Where the report's paths stand in the project: beginnings of paths, such as `/builds/app`, and the directory that
    is meant. Paths below the project, and those that end like just one of its files, are found without it."""
