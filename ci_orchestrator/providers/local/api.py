"""A folder in place of a provider."""

from ci_orchestrator.providers.local.forge import LocalForge
from ci_orchestrator.providers.local.host import LocalHost

__all__ = ["LocalForge", "LocalHost"]
