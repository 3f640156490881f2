"""growth: how the CPU time of each command grows with the milestone, beside other engines on equal graphs."""

from __future__ import annotations

import math
import os
import shutil
import statistics
import sys
import sysconfig
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from .equal import make_bare_dodo, make_makefile, make_ninja
from .finished import make_finished
from .project import ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finished import Recorded

SCRIPTS = Path(sysconfig.get_path("scripts"))
FROM = 100
"""The size from which growth counts: below it, starting Python is most of the time."""
LIMIT = 1.1
"""The largest exponent that a command may grow with."""
OURS = {
    "no-op": (ID,),
    "status --json": ("status", ID, "--json"),
    "run without its seal": (ID, "--jobs", "2"),
    "why": ("why", ID),
    "--dry-run": (ID, "--dry-run"),
    "plan check": ("plan", "check", ID),
    "graph": ("graph", ID),
    "report": ("report", ID),
    "verify": ("verify", ID),
}
UNSEALED = frozenset({"run without its seal"})


@dataclass(frozen=True, slots=True)
class Series:
    """What one command took, in CPU seconds by the number of issues."""

    name: str
    is_ours: bool
    seconds: dict[int, float] = field(default_factory=dict)

    @property
    def exponent(self) -> float | None:
        """How it grows from FROM issues to the largest number; None where that was not measured."""
        sizes = [size for size in self.seconds if size >= FROM]
        if len(sizes) < 2:
            return None
        first, last = min(sizes), max(sizes)
        return math.log(self.seconds[last] / self.seconds[first]) / math.log(last / first)


def measure(folder: Path, sizes: tuple[int, ...], rounds: int) -> list[Series]:
    """Make a finished milestone of each size, and time every command and peer on it."""
    series: dict[str, Series] = {}
    for size in sizes:
        print(f"  {size:,} issues", file=sys.stderr, flush=True)
        session = make_finished(folder / str(size), _phases(size))
        for name, is_ours, seconds in _timed(session, rounds):
            series.setdefault(name, Series(name, is_ours)).seconds[size] = seconds
    return list(series.values())


def _phases(size: int) -> tuple[int, ...]:
    full, rest = divmod(size, 100)
    return (*repeat(100, full), *([rest] if rest else []))


def _timed(session: Recorded, rounds: int) -> Iterator[tuple[str, bool, float]]:
    root = session.project.root
    for name, words in OURS.items():
        seal = session.store.folder / "seal" if name in UNSEALED else None
        yield name, True, _median((str(SCRIPTS / "run-milestone"), *words), root, rounds, seal)
    yield "doit, bare dodo.py", False, _median((str(SCRIPTS / "doit"), "run", ID), _bare(session), rounds)
    for engine, make in (("ninja", make_ninja), ("make", make_makefile)):
        program = shutil.which(engine)
        if program is not None:
            place = root / engine
            make(place, session, program)
            yield f"{engine}, equal graph", False, _median((program, "--quiet"), place, rounds)


def _bare(session: Recorded) -> Path:
    place = session.project.root / "bare-doit"
    make_bare_dodo(place, session)
    return place


def _median(argv: tuple[str, ...], folder: Path, rounds: int, without: Path | None = None) -> float:
    """Return the median CPU seconds of a command and all it starts; `without` is removed before each round."""
    taken = [_cpu(argv, folder, without) for _ in range(rounds + 1)]
    return statistics.median(taken[1:])


def _cpu(argv: tuple[str, ...], folder: Path, without: Path | None) -> float:
    if without is not None:
        without.unlink(missing_ok=True)
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    before = Path.cwd()
    os.chdir(folder)
    try:
        child = os.posix_spawn(argv[0], argv, os.environ, file_actions=silent)
    finally:
        os.chdir(before)
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"`{' '.join(argv)}` ended with {os.waitstatus_to_exitcode(status)} in {folder}")
    return used.ru_utime + used.ru_stime


def as_table(series: list[Series], about: str) -> str:
    """Return the series as a Markdown table, with the exponent of their growth."""
    sizes = sorted({size for one in series for size in one.seconds})
    heads = ["CPU ms", *(f"{size:,} issues" for size in sizes), f"growth from {FROM}"]
    lines = [heads, ["---"] * len(heads)]
    for one in series:
        figures = [f"{1000 * one.seconds[size]:,.0f}" if size in one.seconds else "" for size in sizes]
        lines.append([one.name, *figures, "" if one.exponent is None else f"{one.exponent:.2f}"])
    return "\n".join([about, "", *(f"| {' | '.join(line)} |" for line in lines)])


def misses(series: list[Series]) -> list[Series]:
    """Return our commands that grow faster than they may."""
    return [one for one in series if one.is_ours and one.exponent is not None and one.exponent > LIMIT]
