"""What is between teams and beside the build: shares of runners, and who is told."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import ENV_NAME, EnvName, Listed, Model, Name
from ci_orchestrator.plan.shares import Percent

_ADDRESS = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}"


def _secret(value: object) -> object:
    """A name; what is none may be the secret itself, so that it is not repeated in the message."""
    if not isinstance(value, str) or re.fullmatch(ENV_NAME, value) is None:
        raise RefusedError("this is not a name of a secret", "write the name of the secret that holds the address")
    return value


def _address(value: str) -> str:
    if re.fullmatch(_ADDRESS, value) is None:
        raise RefusedError("this is not an address of mail", "write it like team@example.org")
    return value


SecretName = Annotated[EnvName, BeforeValidator(_secret)]
Address = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"title": "address", "type": "string", "pattern": f"^{_ADDRESS}$"})
]


class Quota(Model):
    """The share of a runner class that the suites of one owner have."""

    runner: Name
    """The runner class."""
    share: Percent
    """The part of its runners; the shares of one class are 100% at most."""
    borrow: bool = True
    """Whether the owner may also use what others leave free."""


class Target(Model):
    """Where a message goes: one of these."""

    slack: SecretName | None = None
    """The name of the secret that holds the address of a Slack webhook."""
    email: Address | None = None
    """An address of mail."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.slack is None) == (self.email is None):
            raise RefusedError("a target has one way", "write one of slack and email")
        return self


class Notify(Model):
    """Who is told what, beside the people that the provider tells."""

    failures: Annotated[Listed[Target], Field(max_length=100)] = ()
    """Who is told of a build that is not green."""
