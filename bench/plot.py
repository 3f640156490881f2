"""plot: the growth of each command as a log-log picture (SVG)."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .growth import Series

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 460, 60, 40, 190, 50
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22")


def as_svg(series: list[Series], about: str) -> str:
    """Return the picture; our commands have solid lines, peers dashed ones."""
    sizes = [size for one in series for size in one.seconds]
    times = [1000 * seconds for one in series for seconds in one.seconds.values()]
    scale = _Scale(min(sizes), max(sizes), 10 ** math.floor(math.log10(min(times))), max(times) * 1.3)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    parts = [head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', _text(LEFT, 22, about, size=11)]
    parts += [*_grid(scale, sorted(set(sizes))), *_lines(series, scale), "</svg>"]
    return "\n".join(parts) + "\n"


class _Scale:
    """Places of sizes and milliseconds in the picture."""

    def __init__(self, least: float, most: float, low: float, high: float) -> None:
        """Span from the least to the most issues, and from `low` to `high` milliseconds."""
        self.low, self.high = low, high
        self._x = math.log10(least), math.log10(most)
        self._y = math.log10(low), math.log10(high)

    def x(self, size: float) -> float:
        """Return the place of a number of issues."""
        first, last = self._x
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(self, milliseconds: float) -> float:
        """Return the place of a time."""
        first, last = self._y
        return HEIGHT - BOTTOM - (math.log10(milliseconds) - first) / (last - first) * (HEIGHT - TOP - BOTTOM)


def _grid(scale: _Scale, sizes: list[int]) -> Iterator[str]:
    for size in sizes:
        yield _line([(scale.x(size), TOP), (scale.x(size), HEIGHT - BOTTOM)], "#ddd")
        yield _text(scale.x(size), HEIGHT - BOTTOM + 18, f"{size:,}", anchor="middle")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "issues (11 tasks each)", anchor="middle")
    power = scale.low
    while power <= scale.high:
        yield _line([(LEFT, scale.y(power)), (WIDTH - RIGHT, scale.y(power))], "#ddd")
        yield _text(LEFT - 6, scale.y(power) + 4, f"{power:,.0f} ms", anchor="end")
        power *= 10


def _lines(series: list[Series], scale: _Scale) -> Iterator[str]:
    ends: list[float] = []
    for number, one in enumerate(sorted(series, key=lambda one: -max(one.seconds.values()))):
        colour = COLOURS[number % len(COLOURS)]
        points = [(scale.x(size), scale.y(1000 * seconds)) for size, seconds in sorted(one.seconds.items())]
        yield _line(points, colour, width=2, dashed=not one.is_ours)
        place = max([points[-1][1] + 4, *(end + 13 for end in ends[-1:])])
        ends.append(place)
        yield _text(WIDTH - RIGHT + 8, place, one.name, colour=colour)


def _line(points: list[tuple[float, float]], colour: str, *, width: int = 1, dashed: bool = False) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 11, colour: str = "#333") -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {where}>{escape(text)}</text>"
