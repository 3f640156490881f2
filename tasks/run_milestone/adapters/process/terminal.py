"""Give the terminal to a program of the person at it: a shell in an issue's tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from .environment import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run_in_terminal(words: tuple[str, ...], tree: Path, env: Mapping[str, str], pass_env: tuple[str, ...] = ()) -> int:
    """Run a command, or the person's shell, in a tree, with what tests get and the person's own home and terminal.

    `env` and `pass_env` are as for an untrusted program. Returns the exit code. Errors: UsageError where it cannot
    start.
    """
    command = [word for word in words if word != "--"] or [os.environ.get("SHELL", "/bin/sh")]
    passed = {name: os.environ[name] for name in pass_env if os.environ.get(name)}
    personal = {name: os.environ[name] for name in ("HOME", "TERM", "USER") if name in os.environ}
    variables = {**passed, **environment(), **personal, "PYTHONDONTWRITEBYTECODE": "1", **env}
    program = shutil.which(command[0], path=variables["PATH"]) or command[0]
    try:
        return subprocess.run([program, *command[1:]], cwd=tree, env=variables, check=False).returncode
    except OSError as error:
        raise UsageError(f"{command[0]} cannot start: {error.strerror}.", "Name a program that is on PATH.") from None
