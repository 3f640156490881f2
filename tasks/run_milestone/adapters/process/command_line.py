"""A plan's commands: argument lists in which `{python}` names the interpreter that runs run-milestone."""

from __future__ import annotations

import sys


def argument_list(command: tuple[str, ...], **places: str) -> tuple[str, ...]:
    """Return `command` with `{python}` and the given placeholders filled in; other braces stay as they are."""
    known = {"python": sys.executable, **places}
    filled = command
    for name, value in known.items():
        filled = tuple(word.replace(f"{{{name}}}", value) for word in filled)
    return filled
