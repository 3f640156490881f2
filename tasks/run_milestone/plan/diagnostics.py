"""problem: what is wrong in a plan, where, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

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
