"""door: the program's entry; what a seal can answer is answered here, before anything heavy is imported."""

from __future__ import annotations

import os
import sys

from .core import fastpath

QUICK = {"status": "status", "gates": "gates", "run": "run"}


def main() -> int:
    """Answer from the seal of the last run where nothing changed since; hand everything else to the command line."""
    quick = _quick(sys.argv[1:])
    if quick is not None:
        return quick
    from .commands import main as command_line  # the point of this module

    return command_line()


def _quick(words: list[str]) -> int | None:
    """Return the exit code of a command that the seal answered, None where it could not."""
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
    """Return a milestone's id in its one spelling; None for anything that is not plainly one."""
    digits = word[1:] if word[:1] in ("m", "M") else word
    return f"m{digits}" if digits.replace(".", "", 1).isdigit() and digits[:1] != "." and digits[-1:] != "." else None


def _project(folder: str) -> str | None:
    while not os.path.isdir(f"{folder}/plans"):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
