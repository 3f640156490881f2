"""specs: the Markdown files beside a plan that say what its issues are."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .reader import read_bytes

LARGEST = 1024 * 1024
"""Bytes of one spec."""


def listed(folder: Path) -> tuple[str, ...]:
    """Return the names of the files that look like an issue's spec: `03-sanitization.md`."""
    return tuple(sorted(name for name in os.listdir(folder) if re.fullmatch(r"[0-9]{2,4}-.*\.md", name)))


def of(number: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `names` that belong to the issue with this number."""
    return tuple(name for name in names if name.startswith(f"{number}-"))


def spec_bytes(folder: Path, path: str) -> bytes | None:
    """Return a spec's bytes, None where there is no such file.

    Errors: ValueError, saying why, for a file that may not or cannot be read.
    """
    if not (folder / path).resolve().is_relative_to(folder.resolve()):
        raise ValueError("it is a link that leaves the plan's folder")
    return read_bytes(folder / path, LARGEST)
