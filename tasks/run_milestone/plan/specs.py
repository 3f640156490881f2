"""Find and read the Markdown specifications beside a plan."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..core.errors import UsageError
from .yaml_reader import read_bytes

LARGEST = 1024 * 1024
"""Bytes of one spec."""


def listed(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the files that look like the spec of an issue, `03-sanitization.md`, by its number."""
    files: dict[str, tuple[str, ...]] = {}
    for name in sorted(os.listdir(folder)):
        if match := re.fullmatch(r"([0-9]{2,4})-.*\.md", name):
            files[match[1]] = (*files.get(match[1], ()), name)
    return files


def spec_bytes(folder: Path, path: str) -> bytes | None:
    """Return a spec's bytes, None where there is no such file.

    Errors: ValueError, saying why, for a file that may not or cannot be read.
    """
    whole = os.path.join(folder, path)
    may_leave = "/" in path or os.path.islink(whole)  # resolving a thousand specs would be slow
    if may_leave and not Path(os.path.realpath(whole)).is_relative_to(os.path.realpath(folder)):
        raise ValueError("it is a link that leaves the plan's folder")
    return read_bytes(whole, LARGEST)


def epic_text(folder: Path, name: str) -> str:
    """Return the text of the epic beside a plan, empty where there is none.

    Errors: UsageError for a file that may not or cannot be read.
    """
    try:
        return (spec_bytes(folder, name) or b"").decode("utf-8")
    except ValueError as error:
        raise UsageError(f"{name} beside the plan cannot be used: {error}.", "Correct it or move it away.") from None
