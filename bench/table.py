"""table: what was measured, beside what it is measured against and the bar it has to meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADINGS = ("what", "figure", "compared with", "figure", "ratio", "bar", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `seconds` and `other` are medians of the same run; `bar` is the largest ratio allowed."""

    what: str
    seconds: float
    against: str
    other: float
    bar: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as long, or which share."""
        return self.seconds / self.other

    @property
    def met(self) -> bool | None:
        """Whether the bar is met, None where there is none."""
        return None if self.bar is None else self.ratio <= self.bar


@dataclass(frozen=True, slots=True)
class Skipped:
    """A comparison that was not made, by name, and why."""

    what: str
    why: str


def printed(rows: Sequence[Row | Skipped]) -> str:
    """Return the table as people read it."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells if len(line) > 2) for column in range(len(HEADINGS))]
    return "\n".join(_line(line, widths) for line in cells)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()


def _cells(row: Row | Skipped) -> tuple[str, ...]:
    if isinstance(row, Skipped):
        return row.what, f"skipped: {row.why}"
    bar = "-" if row.bar is None else f"<= {row.bar:g}"
    met = {True: "met", False: "NOT MET", None: "-"}[row.met]
    return row.what, _time(row.seconds), row.against, _time(row.other), f"{row.ratio:.3g}", bar, met


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def plain(row: Row | Skipped) -> dict[str, Any]:
    """Return a row as JSON holds it."""
    if isinstance(row, Skipped):
        return {"what": row.what, "skipped": row.why}
    return {
        "what": row.what,
        "seconds": row.seconds,
        "against": row.against,
        "against_seconds": row.other,
        "ratio": row.ratio,
        "bar": row.bar,
        "met": row.met,
    }
