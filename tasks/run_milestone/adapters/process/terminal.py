"""Give the terminal to a program of the person at it: a shell in an issue's tree."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from .environment import environment

if TYPE_CHECKING:
    from pathlib import Path


def run_in_terminal(words: tuple[str, ...], tree: Path) -> int:
    """Run a command, or the person's shell, in a tree, with what tests get and the person's own home and terminal.

    Returns its exit code. Errors: UsageError where it cannot start.
    """
    command = [word for word in words if word != "--"] or [os.environ.get("SHELL", "/bin/sh")]
    personal = {name: os.environ[name] for name in ("HOME", "TERM", "USER") if name in os.environ}
    variables = {**environment(), **personal, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(command, cwd=tree, env=variables, check=False).returncode
    except OSError as error:
        raise UsageError(f"{command[0]} cannot start: {error.strerror}.", "Name a program that is on PATH.") from None
