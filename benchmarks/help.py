"""`--help` beside a bare click program with as many commands: wall time of whole processes, interleaved.

    python benchmarks/help.py [ROUNDS]     # default: 40

Each process is started by the same interpreter on a file, so that neither pays for a console script. The minimum is the
cost without the machine's noise; the median is what a person waits.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from ci_orchestrator.cli.table import COMMANDS

TARGET = 1.2  # times click's
OURS = "import sys\nfrom ci_orchestrator.cli.main import main\nsys.exit(main())\n"
FLOOR = ""


def with_click() -> str:
    """A click program with our commands' names and help, and nothing else."""
    commands = "".join(
        f"@cli.command({command.name!r}, help={command.help!r})\ndef command_{at}(): pass\n"
        for at, command in enumerate(COMMANDS)
    )
    return (
        f"import click\n@click.group(help='A program.')\n@click.version_option('1')\ndef cli(): pass\n{commands}cli()\n"
    )


def wall(program: Path) -> float:
    """Milliseconds of one `python PROGRAM --help`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, str(program), "--help"], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def main(rounds: int) -> int:
    """Print the table; 1 when the target is missed."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        programs = {}
        for name, source in (("ours", OURS), ("click", with_click()), ("bare python", FLOOR)):
            programs[name] = Path(folder) / f"{name.replace(' ', '_')}_help.py"
            programs[name].write_text(source)
            wall(programs[name])  # compile, and warm the file cache
        for _ in range(rounds):
            for name, program in programs.items():
                times.setdefault(name, []).append(wall(program))
    print(f"--help of {len(COMMANDS)} commands, {rounds} interleaved rounds, milliseconds")
    print(f"{'':<12} {'min':>7} {'median':>7}")
    for name, values in times.items():
        print(f"{name:<12} {min(values):7.1f} {median(values):7.1f}")
    ratios = [of(times["ours"]) / of(times["click"]) for of in (min, median)]
    met = max(ratios) <= TARGET
    verdict = "met" if met else "MISSED"
    print(f"ours / click: {ratios[0]:.2f} (min), {ratios[1]:.2f} (median); target <= {TARGET}: {verdict}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
