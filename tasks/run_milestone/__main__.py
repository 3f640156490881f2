"""The entry of the program: answer from the seal of the last run, or hand over to the command line."""

from __future__ import annotations

import os
import sys

from .core import fastpath

QUICK = frozenset({"status", "gates", "run"})
"""Commands that a seal can answer before anything heavy is imported."""


def main() -> int:
    """Answer from the seal where nothing changed since the last run, else run the command; returns the exit code."""
    quick = _quick(sys.argv[1:])
    if quick is not None:
        return quick
    from .commands import main as command_line

    return command_line()


def _quick(words: list[str]) -> int | None:
    """Print the answer of the seal and return the exit code, None where it has no answer."""
    if len(words) > 2 or not words or (len(words) == 2 and words[0] not in QUICK):
        return None
    name = _identity(words[-1])
    folder = _project(os.getcwd()) if name else None
    sealed = fastpath.read(f"{folder}/state/{name}/seal") if folder else None
    command = words[0] if len(words) == 2 else "run"
    if sealed is None or command not in sealed[1]:
        return None
    sys.stdout.write(sealed[1][command])
    return sealed[0] if command == "run" else 0


def _identity(word: str) -> str | None:
    """Return the normalised id of a milestone, None for a word that cannot be one."""
    digits = word[1:] if word[:1] in ("m", "M") else word
    if digits.replace(".", "", 1).isdigit() and digits[:1] != "." and digits[-1:] != ".":
        return f"m{digits}"
    return word if word[:1].isalpha() and not set(word) & {"/", "\0"} else None


def _project(folder: str) -> str | None:
    while not os.path.isdir(f"{folder}/plans"):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
