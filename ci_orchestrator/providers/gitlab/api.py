"""GitLab, as a host and as a forge. Loaded when it is used: it takes the extra ``gitlab``."""

from ci_orchestrator.providers.gitlab.forge import GitlabForge
from ci_orchestrator.providers.gitlab.host import GitlabHost

__all__ = ["GitlabForge", "GitlabHost"]
