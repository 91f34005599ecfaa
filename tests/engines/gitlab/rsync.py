"""Stands before `rsync` while gitlab-ci-local runs: gives a child pipeline's job the artifacts of its parent's jobs.

The engine ignores `needs: [{pipeline: $PARENT_PIPELINE_ID, job: plan}]`, GitLab's way to hand artifacts down. It fills
each job's own folder with `rsync … ./ STATE/builds/JOB/` just before that job starts; after that call we copy the
artifacts that the job's `needs` name into the same folder. Every other call goes through as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from engines.gitlab.names import folder_name, instances


def jobs_in(file: Path) -> dict[str, dict[str, Any]]:
    content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return {str(name): job for name, job in content.items() if isinstance(job, dict)}


def needed_from_parent(state: Path, folder: str) -> list[str]:
    """Names of the parent's jobs whose artifacts the child's job with this folder asks for."""
    for child in sorted((state / "includes" / "triggers").glob("*.yml")):
        for name, job in jobs_in(child).items():
            if folder in map(folder_name, instances(name, job)):
                needs = [need for need in job.get("needs") or [] if isinstance(need, dict)]
                return [str(need["job"]) for need in needs if "pipeline" in need and need.get("artifacts", True)]
    return []


def hand_down(state: Path, folder: str) -> None:
    jobs = jobs_in(Path(os.environ["ENGINE_PARENT"]))
    for parent in needed_from_parent(state, folder):
        for instance in instances(parent, jobs.get(parent, {})):
            source = state / "artifacts" / folder_name(instance)
            if source.is_dir():
                subprocess.run([os.environ["ENGINE_RSYNC"], "-a", f"{source}/.", state / "builds" / folder], check=True)


def main(arguments: list[str]) -> int:
    # The engine hands lists over as `<(…)`: those descriptors must stay open.
    code = subprocess.run([os.environ["ENGINE_RSYNC"], *arguments], check=False, close_fds=False).returncode
    target = Path(arguments[-1])
    if code == 0 and arguments[-2:-1] == ["./"] and target.parent.name == "builds":
        hand_down(target.parent.parent, target.name)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
