"""The command line: run the command that the arguments name, and turn errors into a sentence and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from .. import __version__
from ..core.errors import INTERRUPTED, ExitCode, UsageError, UserError
from . import ci, inspect_issue, plan, project, run, show, state
from .base import add_commands, put

if TYPE_CHECKING:
    from .base import Command, Commands

ELSEWHERE = frozenset({"-C", "--directory"})
"""Options that take the next word and stand before any command."""


def main(words: list[str] | None = None) -> int:
    """Run one command. What a user can cause becomes a sentence and an exit code. A bug keeps its traceback."""
    words = _with_run(sys.argv[1:] if words is None else words)
    try:
        args = _parser().parse_args(words)
        if args.directory:
            _enter(args.directory)
        command: Command = args.command
        return command(args)
    except UserError as error:
        sys.stderr.write(f"run-milestone: {error}\n")
        return error.code
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.FAILED
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED)
        return ExitCode.INTERRUPTED


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}.", "Name an existing folder with `-C DIR`.") from None


def _with_run(words: list[str]) -> list[str]:
    """Insert `run` where a milestone stands in the place of a command, as in `run-milestone m4.1`."""
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in ELSEWHERE else 1
    if index < len(words) and words[index] not in COMMANDS and words[index].lstrip("mM")[:1].isdigit():
        start = 2 if words[0] in ELSEWHERE else 0
        return [*words[:start], "run", *words[start:]]
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run-milestone",
        description="Carry every issue of a milestone plan from branch to reviewed pull request.",
        epilog="`run-milestone m4.1` runs or resumes milestone m4.1.",
    )
    parser.add_argument("-C", "--directory", metavar="DIR", help="work in DIR")
    parser.add_argument("--version", action="version", version=f"run-milestone {__version__}")
    add_commands(COMMANDS, parser)
    return parser


def completion(args: argparse.Namespace) -> int:
    """Print the script by which a shell completes commands, options and milestones."""
    from .completion import completion as script

    put(script(args.shell, _parser()))
    return ExitCode.DONE


def _add_completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help='bash: eval "$(run-milestone completion bash)"')


COMMANDS: Commands = {
    **run.COMMANDS,
    **show.COMMANDS,
    **inspect_issue.COMMANDS,
    **plan.COMMANDS,
    **project.COMMANDS,
    **ci.COMMANDS,
    **state.COMMANDS,
    "completion": (completion, _add_completion),
}
