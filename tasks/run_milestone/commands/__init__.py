"""The command line: run the command that the arguments name, and turn errors into a sentence and an exit code."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..core.errors import INTERRUPTED, ExitCode, UsageError, UserError
from ..core.fs import unwritable
from ..core.version import __version__
from ..policy.naming import is_id
from . import ci, inspect_issue, plan, project, run, show, state
from .base import add_commands, put

if TYPE_CHECKING:
    from .base import Command, Commands

ELSEWHERE = frozenset({"-C", "--directory"})
"""Options that take the next word and stand before any command."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Why a file system takes no file: that is no bug."""


def main(words: list[str] | None = None) -> int:
    """Run one command. What a user can cause becomes a sentence and an exit code. A bug keeps its traceback."""
    try:
        args = _parser().parse_args(_with_run(sys.argv[1:] if words is None else words))
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
    except OSError as error:
        if error.errno not in FULL:
            raise
        refused = unwritable(Path(error.filename or "a file"), error)
        sys.stderr.write(f"run-milestone: {refused}\n")
        return refused.code


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
    start = 2 if words and words[0] in ELSEWHERE else 0
    if index < len(words) and words[index] not in COMMANDS and _is_milestone(words[index], words[1:start]):
        return [*words[:start], "run", *words[start:]]
    if index < len(words) and words[index] not in COMMANDS:
        _refuse_unknown(words[index])
    return words


def _refuse_unknown(word: str) -> NoReturn:
    from ..core.spelling import nearest

    near = nearest(word, COMMANDS)
    hint = f"Did you mean `run-milestone {near}`?" if near else "`run-milestone --help` lists the commands."
    raise UsageError(f"{word[:60]!r} is neither a command nor a milestone of this project.", hint)


def _is_milestone(word: str, directory: list[str]) -> bool:
    """Return whether a word is meant as a milestone: a number, or the name of a plan."""
    if word.lstrip("mM")[:1].isdigit():
        return True
    if not is_id(word.lower()):
        return False
    from ..plan.project import project_around

    try:
        project = project_around(Path(*directory).resolve())
    except UserError:
        return False
    return project is not None and (project.plan(word.lower()) / "plan.yaml").is_file()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run-milestone",
        description="Carry every issue of a milestone plan from branch to reviewed pull request.",
        epilog="`run-milestone m4.1` runs or resumes milestone m4.1.",
        allow_abbrev=False,
    )
    parser.add_argument("-C", "--directory", metavar="DIR", help="work in DIR")
    parser.add_argument("--version", action="version", version=f"run-milestone {__version__}")
    parser.set_defaults(reserved=frozenset(COMMANDS))
    add_commands(COMMANDS, parser)
    return parser


def completion(args: argparse.Namespace) -> int:
    """Print the script by which a shell completes commands, options and milestones."""
    from .completion import completion as script

    put(script(args.shell, _parser()))
    return ExitCode.DONE


def show_help(args: argparse.Namespace) -> int:
    """Say what the commands are, or what one of them takes."""
    _parser().parse_args([*args.words, "--help"])
    return ExitCode.DONE


def _add_help(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="a command, such as `plan check`")


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
    "help": (show_help, _add_help),
}
