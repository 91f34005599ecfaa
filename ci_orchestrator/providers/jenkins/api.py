"""Jenkins as a host. Only this needs the extra ``jenkins``; it is loaded by name."""

from ci_orchestrator.providers.jenkins.host import JenkinsHost

__all__ = ["JenkinsHost"]
