"""growth: how the CPU time of each command grows with the milestone, beside other engines on equal graphs."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from .changes import after_changes
from .equal import make_bare_dodo, make_makefile, make_ninja, make_snakefile, make_taskfile
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
    "no-op, -C . --jobs 2": ("-C", ".", ID, "--jobs", "2"),
    "status": ("status", ID),
    "status --json": ("status", ID, "--json"),
    "gates --json": ("gates", ID, "--json"),
    "--only one issue": (ID, "--only", "03"),
    "run without its seal": (ID, "--jobs", "2"),
    "why": ("why", ID),
    "--dry-run": (ID, "--dry-run"),
    "plan check": ("plan", "check", ID),
    "graph": ("graph", ID),
    "report": ("report", ID),
    "verify": ("verify", ID),
}
PEERS = {
    "ninja": (make_ninja, ("--quiet",), 5000),
    "make": (make_makefile, ("--quiet",), 1000),
    "task": (make_taskfile, ("complete.json",), 100),
    "snakemake": (make_snakefile, ("--quiet", "all", "--cores", "1", "--rerun-triggers", "mtime"), 100),
}
"""Engines beside bare doit: how their graph is made, how they are called, and up to how many issues."""
LARGE = 5000
"""Issues at which one round has to do."""
UNSEALED = frozenset({"run without its seal"})


@dataclass(frozen=True, slots=True)
class Series:
    """What one command took, in CPU seconds by the number of issues."""

    name: str
    is_ours: bool
    seconds: dict[int, float] = field(default_factory=dict)
    memory: dict[int, float] = field(default_factory=dict)
    """The most that the command itself held at once, in MB by the number of issues."""

    @property
    def exponent(self) -> float | None:
        """How it grows from FROM issues to the largest number; None where that was not measured."""
        sizes = [size for size in self.seconds if size >= FROM]
        if len(sizes) < 2:
            return None
        first, last = min(sizes), max(sizes)
        return math.log(self.seconds[last] / self.seconds[first]) / math.log(last / first)


def measure(folder: Path, sizes: tuple[int, ...], rounds: int) -> list[Series]:
    """Make a finished milestone of each size, and time every command and peer on it; the largest takes one round."""
    series: dict[str, Series] = {}
    for size in sizes:
        print(f"  {size:,} issues", file=sys.stderr, flush=True)
        session = make_finished(folder / str(size), _phases(size))
        for name, is_ours, used in _timed(session, rounds if size < LARGE else 1):
            one = series.setdefault(name, Series(name, is_ours))
            one.seconds[size] = used.seconds
            one.memory.update({size: used.memory} if used.memory else {})
    return list(series.values())


def _phases(size: int) -> tuple[int, ...]:
    full, rest = divmod(size, 100)
    return (*repeat(100, full), *([rest] if rest else []))


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds of a command and all it starts, and the MB that it held itself; 0 where that was not measured."""

    seconds: float
    memory: float = 0.0


def _timed(session: Recorded, rounds: int) -> Iterator[tuple[str, bool, Used]]:
    root = session.project.root
    for name, words in OURS.items():
        seal = session.store.folder / "seal" if name in UNSEALED else None
        yield name, True, _median((str(SCRIPTS / "run-milestone"), *words), root, rounds, seal)
    yield "doit run m1", True, _median((str(SCRIPTS / "doit"), "run", ID), root, rounds)
    yield "doit, bare dodo.py", False, _median((str(SCRIPTS / "doit"), "run", ID), _bare(session), rounds)
    for engine, (make, words, most) in PEERS.items():
        program = shutil.which(engine)
        if program is not None and len(session.milestone.issues) <= most:
            place = root / engine
            make(place, session, program)
            yield f"{engine}, equal graph", False, _median((program, *words), place, rounds)
    for name, seconds in after_changes(session, rounds):
        yield name, True, Used(seconds)


def _bare(session: Recorded) -> Path:
    place = session.project.root / "bare-doit"
    make_bare_dodo(place, session)
    return place


def _median(argv: tuple[str, ...], folder: Path, rounds: int, without: Path | None = None) -> Used:
    """Return the medians of a command; `without` is removed before each round. The first of several is not counted."""
    taken = [_used(argv, folder, without) for _ in range(rounds + 1 if rounds > 1 else 1)]
    counted = taken[1:] or taken
    return Used(statistics.median(one.seconds for one in counted), statistics.median(one.memory for one in counted))


_STARTER = """
import os, sys
silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent), 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""A small process that starts another: a child counts the memory of the process that started it as its own."""


def _used(argv: tuple[str, ...], folder: Path, without: Path | None) -> Used:
    if without is not None:
        without.unlink(missing_ok=True)
    words = [sys.executable, "-S", "-c", _STARTER, *argv]
    seconds, memory, code = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    if code != "0":
        raise RuntimeError(f"`{' '.join(argv)}` ended with {code} in {folder}")
    return Used(float(seconds), int(memory) / 1024)


def as_table(series: list[Series], about: str) -> str:
    """Return the series as Markdown tables: CPU time with the exponent of its growth, and memory."""
    sizes = sorted({size for one in series for size in one.seconds})
    heads = ["CPU ms", *(f"{size:,} issues" for size in sizes), f"growth from {FROM}"]
    growth = {one.name: "" if one.exponent is None else f"{one.exponent:.2f}" for one in series}
    times = [[one.name, *_figures(one.seconds, sizes, 1000), growth[one.name]] for one in series]
    held = [[one.name, *_figures(one.memory, sizes, 1)] for one in series if one.memory]
    tables = [_markdown(heads, times), *([_markdown(["MB at most", *heads[1:-1]], held)] if held else [])]
    return "\n\n".join([about, *tables])


def _figures(values: dict[int, float], sizes: list[int], scale: float) -> list[str]:
    return [f"{scale * values[size]:,.0f}" if size in values else "" for size in sizes]


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *rows])


def misses(series: list[Series]) -> list[Series]:
    """Return our commands that grow faster than they may."""
    return [one for one in series if one.is_ours and one.exponent is not None and one.exponent > LIMIT]
