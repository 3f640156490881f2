"""Fill in the placeholders of a plan's commands."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase


def argument_list(command: tuple[str, ...], **places: str) -> tuple[str, ...]:
    """Return `command` with `{python}` (the current interpreter, where no other is given) and `places` filled in."""
    known = {"python": sys.executable, **places}
    filled = command
    for name, value in known.items():
        filled = tuple(word.replace(f"{{{name}}}", value) for word in filled)
    return filled


def fill_files(command: tuple[str, ...], files: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return `command` with `{files}` filled in, or `{files:*.js,*.ts}` with those of these names.

    None where the command is for files and there are none; a command without a placeholder stays as it is.
    """
    filled: list[str] = []
    for word in command:
        if not (word.startswith("{files") and word.endswith("}") and word[6:7] in {"}", ":"}):
            filled.append(word)
            continue
        patterns = word[7:-1].split(",") if word[6] == ":" else ["*"]
        chosen = [f"./{path}" for path in files if any(fnmatchcase(path, pattern) for pattern in patterns)]
        if not chosen:
            return None
        filled += chosen
    return tuple(filled)
