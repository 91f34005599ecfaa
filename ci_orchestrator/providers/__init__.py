"""The providers that a plan can become a pipeline of."""

RENDERERS = {
    "azure": "ci_orchestrator.providers.azure.render:RENDERER",
    "github": "ci_orchestrator.providers.github.render:RENDERER",
    "gitlab": "ci_orchestrator.providers.gitlab.render:RENDERER",
    "jenkins": "ci_orchestrator.providers.jenkins.render:RENDERER",
}
