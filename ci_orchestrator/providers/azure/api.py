"""Azure DevOps, as a host and as a forge. Loaded when it is used: it takes the extra ``azure``."""

from ci_orchestrator.providers.azure.forge import AzureForge
from ci_orchestrator.providers.azure.host import AzureHost

__all__ = ["AzureForge", "AzureHost"]
