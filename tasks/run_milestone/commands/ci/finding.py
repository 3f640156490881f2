"""One thing that is unsafe in a workflow: where it is, what it is, what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A finding in a workflow; line and column count from 1."""

    file: str
    line: int
    column: int
    rule: str
    what: str
    do: str

    def __str__(self) -> str:
        """Return `FILE:LINE:COL: rule: what is wrong. What to do.`."""
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.what}. {self.do}"
