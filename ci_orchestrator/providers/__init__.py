"""The providers: those that a plan can become a pipeline of, and what can be asked of them while a build runs."""

RENDERERS = {
    "azure": "ci_orchestrator.providers.azure.render:RENDERER",
    "github": "ci_orchestrator.providers.github.render:RENDERER",
    "gitlab": "ci_orchestrator.providers.gitlab.render:RENDERER",
    "jenkins": "ci_orchestrator.providers.jenkins.render:RENDERER",
}
"""By the name of the provider."""

HOSTS = {name: f"ci_orchestrator.providers.{name}.api:{name.capitalize()}Host" for name in (*RENDERERS, "local")}
"""Where builds run (`online.Host`), by kind of place. Each needs the extra of its name, but for ``local``."""

FORGES = {
    name: f"ci_orchestrator.providers.{name}.api:{name.capitalize()}Forge"
    for name in ("azure", "github", "gitlab", "local")
}
"""Where changes live (`online.Forge`), by kind of place."""

SESSIONS = {"hasty": "ci_orchestrator.providers.http:hasty_session"}
"""Ways to ask over HTTP, other than the patient one that each adapter has of itself."""
