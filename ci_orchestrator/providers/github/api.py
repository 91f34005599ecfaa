"""GitHub as a host and as a forge. Only this needs the extra ``github``; it is loaded by name."""

from ci_orchestrator.providers.github.forge import GithubForge
from ci_orchestrator.providers.github.host import GithubHost

__all__ = ["GithubForge", "GithubHost"]
