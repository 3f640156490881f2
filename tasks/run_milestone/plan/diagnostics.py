"""A problem in a plan: where it is and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem: its place, the value it is about, and a clause that says what is wrong and what was expected."""

    place: Place
    where: str
    what: str

    def line(self, file: str) -> str:
        """Return `FILE:LINE:COL: where: what is wrong, what was expected`."""
        row, column = self.place
        return f"{file}:{row}:{column}: {self.where}: {self.what}"
