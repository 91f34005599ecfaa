"""A private environment with ci-orchestrator in it; the tests' own Python stays as it is. Standard library only.

``--locate`` says where it is, or will be, as outputs of the step; without it the environment is made. What is
installed is, in this order: the input `spec`, the input `version`, what the input `wheelhouse` has, the source of the
action's own release; with the input `extras`, but for a `spec`, which names its own. A ``ci-orchestrator`` of that
release on the PATH is taken as it is, when none of the others is given.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from files import fail, write_output

SOURCE = Path(__file__).resolve().parent.parent
"""The repository of the action, which is that of ci-orchestrator."""
NAME = "ci-orchestrator"


def requirement() -> str:
    """What pip is told to install. Raises `SystemExit` when the extras are no names."""
    spec, version, extras = (os.environ.get(f"INPUT_{name}", "") for name in ("SPEC", "VERSION", "EXTRAS"))
    if spec:
        return spec
    if not re.fullmatch(r"(?:[a-z0-9]+(?:,[a-z0-9]+)*)?", extras):
        fail(f"The input extras is a list of names with commas between them, not {extras!r}.")
    wanted = f"[{extras}]" if extras else ""
    if version:
        return f"{NAME}{wanted}=={version}"
    return f"{NAME if os.environ.get('INPUT_WHEELHOUSE') else SOURCE}{wanted}"


def key() -> str:
    """A name for the environment: other Pythons, machines, requirements or sources have another one."""
    wanted = requirement()
    parts = [sys.executable, sys.version, *platform.libc_ver(), wanted]
    wheelhouse = os.environ.get("INPUT_WHEELHOUSE", "")
    if wheelhouse:
        parts += sorted(path.name for path in Path(wheelhouse).iterdir())
    digest = hashlib.sha256("\0".join(parts).encode())
    if wanted.startswith(str(SOURCE)):
        for path in sorted([SOURCE / "pyproject.toml", *(SOURCE / "ci_orchestrator").rglob("*.py")]):
            digest.update(path.read_bytes())
    return f"{NAME}-{platform.system()}-{platform.machine()}-{digest.hexdigest()[:20]}"


def directory(name: str) -> Path:
    """Where the environment is: beside the runner's other tools, so that a runner of one's own keeps it."""
    home = os.environ.get("RUNNER_TOOL_CACHE") or os.environ["RUNNER_TEMP"]
    return Path(home) / NAME / name


def interpreter(place: Path) -> Path:
    """The environment's Python."""
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def works(place: Path) -> bool:
    """Whether the environment is there, and whole."""
    python = interpreter(place)
    if not python.exists():
        return False
    done = subprocess.run([python, "-I", "-c", "import ci_orchestrator"], capture_output=True, check=False)
    return done.returncode == 0


def on_path() -> str:
    """The command on the PATH, if it is of the action's own release and nothing else was asked for."""
    asked = any(os.environ.get(f"INPUT_{name}") for name in ("SPEC", "VERSION", "WHEELHOUSE"))
    command = None if asked else shutil.which(NAME)
    if command is None:
        return ""
    version = re.search(r'__version__ = "([^"]+)"', (SOURCE / "ci_orchestrator" / "__init__.py").read_text("utf-8"))
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return command if version and done.stdout.strip() == f"{NAME} {version[1]}" else ""


def locate() -> None:
    """Outputs: `python`, and `command`, which is there already, or `key`, `directory`, and whether that is `ready`."""
    write_output("python", sys.executable)
    command = on_path()
    if command:
        write_output("command", command)
        return
    name = key()
    place = directory(name)
    write_output("key", name)
    write_output("directory", str(place))
    write_output("ready", "true" if works(place) else "false")


def install(place: Path) -> None:
    """Make the environment under a name of its own, then move it: whoever looks sees a whole one or none."""
    if works(place):
        return
    shutil.rmtree(place, ignore_errors=True)
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    subprocess.run([sys.executable, "-I", "-m", "venv", str(draft)], check=True)
    pip = [
        str(interpreter(draft)),
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    wheelhouse = os.environ.get("INPUT_WHEELHOUSE", "")
    if wheelhouse:
        pip += ["--no-index", "--find-links", wheelhouse]
    if subprocess.run([*pip, "--", requirement()], check=False).returncode:
        shutil.rmtree(draft, ignore_errors=True)
        fail("ci-orchestrator could not be installed: see above. Without a network, give a wheelhouse.")
    try:
        draft.rename(place)
    except OSError:  # another job on this machine was faster
        shutil.rmtree(draft, ignore_errors=True)
        if not works(place):
            raise


if __name__ == "__main__":
    if "--locate" in sys.argv[1:]:
        locate()
    else:
        install(Path(os.environ["DIRECTORY"]))
