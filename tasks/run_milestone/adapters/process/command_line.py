"""Fill in the placeholders of a plan's commands."""

from __future__ import annotations

import sys


def argument_list(command: tuple[str, ...], **places: str) -> tuple[str, ...]:
    """Return `command` with `{python}` (the current interpreter) and `places` filled in. Other braces stay."""
    known = {"python": sys.executable, **places}
    filled = command
    for name, value in known.items():
        filled = tuple(word.replace(f"{{{name}}}", value) for word in filled)
    return filled
