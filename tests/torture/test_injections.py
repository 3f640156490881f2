"""Killed at any line, on a full disk, with reads that fail or a wrong clock: the milestone ends as it does without.

Every run a few of them; `pytest -m torture tests/torture/test_injections.py` tries a seeded sample of each, and with
`TORTURE=whole` every line, write and read that there is.
"""

import os
import random
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.convergence import wrongly_ended, wrongly_went_on
from support.faulty_milestone import FaultyMilestone
from support.injections import clock, failing_read, full_disk, killed_at, lines_of

from run_milestone.runner import executor

SEED = int(os.environ.get("TORTURE_SEED", "41"))
IS_WHOLE = os.environ.get("TORTURE") == "whole"
SAMPLE = int(os.environ.get("TORTURE_SAMPLE", "40"))
YEAR = 365 * 86_400
LEASE_OVER = """
from run_milestone.sync import remote_lock
remote_lock.LEASE, remote_lock.RENEWAL, remote_lock._now = 1, 0.2, lambda: "2020-01-01T00:00:00+00:00"
"""
"""So that the lock of a killed run is watched at once, and soon over."""
LINES = sorted({line for *_, line in executor._run.__code__.co_lines() if line})
"""Lines that run for each task, around what it does and what is recorded of it."""
SCENES = {"run": ("m1",), "landing": ("land", "m1"), "shared": ("m1", "--state-ref")}
"""What is run when something goes wrong: a milestone from its start, its landing, and one that shares its state."""


class Scene:
    """A milestone right before a command in which something goes wrong, and how it ends without that."""

    def __init__(self, name, folder):
        self.name, self.words = name, SCENES[name]
        self.start = FaultyMilestone(folder / name / "home").make()
        if name == "shared":
            self.start.share().bug = LEASE_OVER
        if name == "landing":
            assert self.start.goes_on() is not None
        self.undisturbed = self.start.copy(folder / name / "undisturbed")
        self.finish(self.undisturbed)

    def finish(self, milestone):
        """Run until all is done; returns whether it came to that."""
        done = milestone.goes_on() is not None
        if self.name != "landing":
            return done
        return done and any(milestone.runs(*self.words) == 0 for _ in range(3))

    def counted(self, inject):
        """Return what an injection that only counts wrote down in an undisturbed run of the command."""
        milestone = self.copy(f"counted {len(list(self.start.folder.parent.iterdir()))}")
        milestone.injected = inject(milestone.project, milestone.folder / "struck", milestone.folder / "log")
        milestone.runs(*self.words)
        return (milestone.folder / "log").read_text()

    def copy(self, name):
        return self.start.copy(self.start.folder.with_name(re.sub(r"\W+", "-", name)[-80:]))

    def goes_wrong(self, name, inject):
        """Run with an injection, then without it until all is done; returns what is wrong then, if anything."""
        milestone = self.copy(name)
        struck = milestone.folder / "struck"
        milestone.injected = inject(milestone.project, struck, milestone.folder / "log")
        code = milestone.runs(*self.words)
        if not struck.exists() and "clock" not in name:
            shutil.rmtree(milestone.folder)
            return None  # which of two threads comes first decides some lines
        milestone.good()
        wrong = wrongly_ended(milestone, code) or self.wrongly_finished(milestone)
        if wrong:
            return f"{self.name}, {name}: {wrong}"
        shutil.rmtree(milestone.folder)
        return None

    def wrongly_finished(self, milestone):
        if not self.finish(milestone):
            return f"never done: {milestone.outputs[-1]}"
        return wrongly_went_on(milestone, self.undisturbed, exactly=False)

    def lines(self):
        """Return an injection for every line that runs, by its name."""
        seen = self.counted(lambda project, struck, log: lines_of(log)).splitlines()
        return {line: lambda project, struck, log, line=line: killed_at(line, struck) for line in seen}

    def calls(self, kind):
        """Return an injection for every opening of a file, by its name."""
        total = int(self.counted(lambda *where: kind(0, *where)))
        return {f"{kind.__name__} {call}": lambda *where, call=call: kind(call, *where) for call in range(1, total + 1)}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Make each scene once."""
    folder, made = tmp_path_factory.mktemp("scenes"), {}
    return lambda name: made[name] if name in made else made.setdefault(name, Scene(name, folder))


def sweep(scene, injections, count=SAMPLE, seed=SEED):
    """Try a sample of injections, or all; returns how many, and what went wrong."""
    names = list(injections)
    tried = names if IS_WHOLE else random.Random(seed).sample(names, min(count, len(names)))
    with ThreadPoolExecutor(2) as several:
        wrong = [*several.map(lambda name: scene.goes_wrong(name, injections[name]), tried)]
    return len(tried), [one for one in wrong if one]


def shown(row, what, tried, wrong):
    print(f"figure: row {row}: {what}: {tried - len(wrong)} / {tried}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.torture
@pytest.mark.parametrize("name", SCENES)
def test_a_kill_at_any_line_converges(scenes, name):
    lines = scenes(name).lines()
    shown(1, f"killed at one of {len(lines)} lines ({name})", *sweep(scenes(name), lines))


@pytest.mark.torture
@pytest.mark.parametrize("kind", [full_disk, failing_read])
@pytest.mark.parametrize("name", SCENES)
def test_a_failing_file_system_loses_nothing(scenes, name, kind):
    calls = scenes(name).calls(kind)
    shown(3, f"{kind.__name__} at one of {len(calls)} files ({name})", *sweep(scenes(name), calls))


@pytest.mark.torture
@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("seconds", [-YEAR, YEAR, -3600])
def test_a_wrong_clock_changes_nothing(scenes, name, seconds):
    wrong = scenes(name).goes_wrong(f"clock {seconds}", lambda *_: clock(seconds))
    shown(19, f"a clock wrong by {seconds} s ({name})", 1, [wrong] if wrong else [])


@pytest.mark.torture
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Nowhere/AtAll"])
def test_a_time_zone_changes_nothing(scenes, monkeypatch, zone):
    scene = scenes("run")
    monkeypatch.setenv("TZ", zone)
    wrong = scene.goes_wrong(f"clock in {zone}", lambda *_: "")
    shown(19, f"a run in {zone}", 1, [wrong] if wrong else [])


def test_a_kill_and_a_full_disk_converge(scenes):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng, scene = random.Random(seed), scenes("run")
    line, call = f"{executor.__file__}:{rng.choice(LINES)}", rng.randrange(20, 90)
    killed = scene.goes_wrong(line, lambda project, struck, log: killed_at(line, struck))
    full = scene.goes_wrong(f"full disk {call}", lambda *where: full_disk(call, *where))
    shown(1, "killed at a line, or on a full disk", 2, [one for one in (killed, full) if one])
