"""boxed: what a sandbox costs per command and per run of one issue, beside the same outside of it, in turn."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from run_milestone.adapters.process import Processes
from run_milestone.core.errors import UsageError
from run_milestone.model import SandboxSpec

from .project import ID, git
from .table import Row, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["bubblewrap", "landlock"]
KINDS: tuple[Kind, ...] = ("bubblewrap", "landlock")
MORE, SHARE = 0.010, 1.05
"""Seconds that a command may take longer, and how many times as long a run may take."""
COMMANDS, RUNS = 60, 7
"""Pairs."""
PLAN = """\
id: {id}
title: A part
agent: {agent}
sandbox: {{kind: {kind}}}
phases:
  - issues:
      - {{number: 1, title: Double, criteria: [{{text: It doubles, test: "tests/test_double.py::test_double"}}]}}
"""
AGENT = """\
from pathlib import Path
code = '"Doubles."\\n\\n\\ndef double(number: int) -> int:\\n    "Double."\\n    return 2 * number\\n'
Path("double.py").write_text(code)
test = "from double import double\\n\\n\\ndef test_double() -> None:\\n    assert double(2) == 4\\n"
Path("tests/test_double.py").write_text(test)
"""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was measured in turn, in seconds, boxed and free."""

    boxed: list[float]
    free: list[float]

    @property
    def more(self) -> float:
        """The median of how much longer the boxed one of a pair took."""
        return statistics.median(one - other for one, other in zip(self.boxed, self.free, strict=True))

    @property
    def ratio(self) -> float:
        """The median of how many times as long the boxed one of a pair took."""
        return statistics.median(one / other for one, other in zip(self.boxed, self.free, strict=True))


def cost_of_boxes(folder: Path) -> Iterator[Row | Skipped]:
    """Measure each kind of box that works here, first per command, then per run of one issue."""
    folder.mkdir()
    for kind in KINDS:
        yield from _commands(kind, folder)
    for kind in KINDS:
        yield from _runs(kind, folder)


# ---- per command ----------------------------------------------------------------------------------------------


def _commands(kind: Kind, folder: Path) -> Iterator[Row | Skipped]:
    free, boxed = Processes(), Processes()
    free.confine(SandboxSpec(kind="none"))
    try:
        boxed.confine(SandboxSpec(kind=kind))
    except UsageError as error:
        yield Skipped(f"a command in {kind}", error.what)
        return
    with tempfile.TemporaryDirectory(dir=folder) as place:
        pairs = Pairs([], [])
        for number in range(COMMANDS + 3):
            ways = ((boxed, pairs.boxed), (free, pairs.free))
            for processes, taken in ways if number % 2 else reversed(ways):
                taken.append(_timed(processes, Path(place)))
    cpu = [_cpu_until_stopped(processes) / len(pairs.free) for processes in (boxed, free)]
    warm = Pairs(pairs.boxed[3:], pairs.free[3:])
    yield Row(f"a command in {kind}: more than outside", warm.more, "allowed", MORE, bar=1.0)
    least = min(warm.boxed) - min(warm.free)  # the pairs that other work disturbed least
    yield Row(f"a command in {kind}: least more than outside", least, "allowed", MORE, bar=1.0)
    yield Row(f"a command in {kind}: CPU time", cpu[0], "outside", cpu[1])


def _timed(processes: Processes, place: Path) -> float:
    began = time.perf_counter()
    result = processes.untrusted(("true",), cwd=place, timeout=60)
    took = time.perf_counter() - began
    if result.code != 0:
        raise RuntimeError(f"`true` ended with {result.code}: {result.err}")
    return took


def _cpu_until_stopped(processes: Processes) -> float:
    """Return the CPU time of all that was started here, which the system adds up once it has ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    processes.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# ---- per run --------------------------------------------------------------------------------------------------


def _runs(kind: Kind, folder: Path) -> Iterator[Row | Skipped]:
    wall, cpu = Pairs([], []), Pairs([], [])
    for number in range(RUNS + 1):
        ways = ((kind, wall.boxed, cpu.boxed), ("none", wall.free, cpu.free))
        for one, *taken in ways if number % 2 else reversed(ways):
            used = _played(folder / f"{kind}-{number}-{one}", str(one))
            if used is None:
                yield Skipped(f"a run of one issue in {kind}", "it does not work here")
                return
            for seconds, all_of_it in zip(used, taken, strict=True):
                all_of_it.append(seconds)
    for what, pairs, bar in (("", wall, SHARE), (": CPU time", cpu, None)):
        warm = Pairs(pairs.boxed[1:], pairs.free[1:])
        free = statistics.median(warm.free)
        yield Row(f"a run of one issue in {kind}{what}", free * warm.ratio, "outside", free, bar=bar)


def _played(root: Path, kind: str) -> tuple[float, float] | None:
    """Return the seconds of a run until its barrier, by the clock and of CPU time; None where no box works here."""
    _make(root, kind)
    command = [sys.executable, "-m", "run_milestone", ID]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode == 2:
        return None
    if not (root / "state" / ID / "issues" / "01" / "review-gate.json").exists():
        raise RuntimeError(f"the run ended with {ended.returncode} in {root}: {ended.stdout[-500:]}{ended.stderr}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _make(root: Path, kind: str) -> None:
    plan = root / "plans" / ID
    plan.mkdir(parents=True)
    (root / "tests").mkdir()
    agent = {"kind": "command", "command": [sys.executable, "-S", "-c", AGENT]}
    (plan / "plan.yaml").write_text(PLAN.format(id=ID, kind=kind, agent=json.dumps(agent)), encoding="utf-8")
    (root / "dodo.py").write_text("", encoding="utf-8")
    (root / "tests" / "test_start.py").write_text("def test_start() -> None:\n    assert True\n", encoding="utf-8")
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    git(root, "add", ".")
    git(root, "-c", "user.name=Bench", "-c", "user.email=b@example.com", "commit", "--quiet", "-mStart")
