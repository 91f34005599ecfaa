"""``completion``: print a shell's completion script, generated from the same parsers that `--help` shows."""

from __future__ import annotations

import argparse

import shtab

from ci_orchestrator.cli import parser as cli_parser
from ci_orchestrator.cli.output import Output
from ci_orchestrator.errors import ExitCode

SHELLS: dict[str, str] = {
    "bash": "ci-orchestrator completion bash > ~/.local/share/bash-completion/completions/ci-orchestrator",
    "zsh": "ci-orchestrator completion zsh > ~/.zfunc/_ci-orchestrator   # with fpath+=~/.zfunc before compinit",
    "fish": "ci-orchestrator completion fish > ~/.config/fish/completions/ci-orchestrator.fish",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell, and how to install what is printed."""
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell to complete in")
    hints = "\n".join(f"  {command}" for command in SHELLS.values())
    parser.epilog = f"{parser.epilog}\n\nto install, for you alone (then open a new shell):\n{hints}"


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script."""
    output: Output = args.output
    program, commands = cli_parser.build()
    for command in commands.values():
        command.fill()
    output.print(shtab.complete(program, shell=args.shell))
    return ExitCode.OK
