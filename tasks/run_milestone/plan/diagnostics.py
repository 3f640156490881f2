"""problem: what is wrong in a plan, where, and how it is said."""

from __future__ import annotations

import re
from dataclasses import dataclass

Steps = tuple[str | int, ...]
"""The way from a document's top to a value: keys and list positions."""
Place = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong: its place, the value it is about, and one clause that says what was expected instead."""

    place: Place
    where: str
    what: str

    def said(self, file: str) -> str:
        """Return the line that is shown: `FILE:LINE:COL: where: what is wrong, what was expected`."""
        line, column = self.place
        return f"{file}:{line}:{column}: {self.where}: {self.what}"


def where(steps: Steps, top: str = "plan") -> str:
    """Return the way to a value as people write it, `phases[0].issues[2].slug`; `top` for the document itself."""
    return "".join(_step(step) for step in steps).removeprefix(".") or top


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", step) else f"[{quoted(step)}]"


def quoted(value: str) -> str:
    """Return a text from outside as it may stand in a message: bounded, and unable to act on a terminal."""
    return repr(value if len(value) <= 60 else f"{value[:57]}...")
