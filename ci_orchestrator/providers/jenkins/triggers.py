"""What starts the pipeline, as far as a Jenkinsfile can say it: the job says which branches Jenkins looks at."""

from __future__ import annotations

import re

from ci_orchestrator.plan.pipeline_options import Trigger
from ci_orchestrator.providers.jenkins import groovy

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES = {
    **{name: str(number) for number, name in enumerate(_DAYS)},
    **{name: str(number) for number, name in enumerate(_MONTHS, start=1)},
}
"""Jenkins' cron knows no names of days and months."""


def block(trigger: Trigger) -> list[str]:
    """Lines of ``triggers { … }``. Every branch would run by the schedule: only the primary one is to."""
    if trigger.schedule is None:
        return []
    times = re.sub("[A-Z]+", lambda name: _NAMES.get(name[0], name[0]), trigger.schedule)
    spec = groovy.text(f"TZ=UTC\n{times}")
    return [
        "",
        "triggers {",
        "    // In a Multibranch Pipeline: on the primary branch only.",
        f"    cron(env.BRANCH_NAME == null || env.BRANCH_IS_PRIMARY == 'true' ? {spec} : '')",
        "}",
    ]


def when(trigger: Trigger) -> list[str]:
    """Lines of ``when { … }``: builds that the plan does not ask for do nothing."""
    wanted = [f"branch {groovy.text(pattern)}" for pattern in trigger.push]
    if trigger.pull_request:
        wanted.append("changeRequest()")
    if trigger.schedule is not None:
        wanted.append("triggeredBy 'TimerTrigger'")
    if trigger.manual:
        wanted.append("triggeredBy 'UserIdCause'")
    # Without branches, in a plain Pipeline, the job itself says when it runs.
    wanted.append("expression { env.BRANCH_NAME == null }")
    return ["when {", "    anyOf {", *(f"        {one}" for one in wanted), "    }", "}"]
