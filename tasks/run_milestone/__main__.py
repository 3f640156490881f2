"""The entry of the program: answer from the seal of the last run, or hand over to the command line."""

from __future__ import annotations

import os
import sys

from .core import fastpath

SEALED = {"status": "--json", "gates": "--json", "run": "--jobs"}
"""Commands that a seal can answer before anything heavy is imported, each with the option that it may have."""


def main() -> int:
    """Answer from the seal where nothing changed since the last run, else run the command; returns the exit code."""
    _let_anything_be_printed()
    try:
        quick = _quick(sys.argv[1:])
    except OSError:
        quick = None  # a closed pipe, a full disk: the command meets the same, and says so
    if quick is not None:
        return quick
    from .commands import main as command_line

    return command_line()


def _let_anything_be_printed() -> None:
    """Print `?` for what the encoding of a terminal lacks, and nothing where the output is closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # it stays open
    elif reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")


def _quick(words: list[str]) -> int | None:
    """Print the answer of the seal and return the exit code, None where it has no answer."""
    asked = _asked(words)
    if asked is None:
        return None
    command, name, directory = asked
    sealed = fastpath.read_from(directory, name)
    if sealed is None or command not in sealed[1]:
        return None
    sys.stdout.write(sealed[1][command])
    sys.stdout.flush()
    return sealed[0] if command == "run" else 0


def _asked(words: list[str]) -> tuple[str, str, str] | None:
    """Return the command (`status --json`), the milestone and the folder; None for what only the parser can read.

    How many jobs may run makes no difference where there is nothing to do.
    """
    names, options = list[str](), dict[str, str]()
    left = iter(words)
    for word in left:
        option, sign, value = word.partition("=")
        if not word.startswith("-"):
            names.append(word)
        elif option in options or not (names or option in _FOLDER):
            return None
        elif option == "--json" and not sign:
            options[option] = ""
        elif option in _FOLDER or option == "--jobs":
            options[option] = value if sign and option != "-C" else next(left, "")
        else:
            return None
    return _checked(names if len(names) == 2 else ["run", *names], options)


_FOLDER = ("-C", "--directory")
"""The options that name the folder to work in."""


def _checked(names: list[str], options: dict[str, str]) -> tuple[str, str, str] | None:
    """Return the command, the milestone and the folder, None where a seal has no answer to these words."""
    command, name = names if len(names) == 2 else ("", "")
    folders = [options.pop(option) for option in _FOLDER if option in options]
    jobs = options.get("--jobs", "1")
    identity = _identity(name)
    if identity is None or len(folders) > 1 or "" in folders or not (jobs.isdecimal() and jobs.strip("0")):
        return None
    if command not in SEALED or not options.keys() <= {SEALED[command]}:
        return None
    return f"{command} --json" if "--json" in options else command, identity, (folders or ["."])[0]


def _identity(word: str) -> str | None:
    """Return the normalised id of a milestone, None for a word that cannot be one."""
    digits = word[1:] if word[:1] in ("m", "M") else word
    if digits.replace(".", "", 1).isdigit() and digits[:1] != "." and digits[-1:] != ".":
        return f"m{digits}"
    return word if word[:1].isalpha() and not set(word) & {"/", "\0"} else None


if __name__ == "__main__":
    raise SystemExit(main())
