"""Whichever call of git, an agent or the forge goes wrong, however: the milestone then ends as it does without that.

Every run a few calls; `pytest -m torture tests/torture/test_faults.py` tries every call in every way.
"""

import random
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.convergence import wrongly_ended, wrongly_went_on
from support.faults import FORGE, LINES, MODES, Fault
from support.faulty_milestone import FaultyMilestone

PROGRAMS = (("git", MODES), ("stays", LINES), ("agent", MODES), ("forge", FORGE))


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return FaultyMilestone(tmp_path_factory.mktemp("start") / "home").make()


@pytest.fixture(scope="module")
def undisturbed(start):
    """How the milestone ends where nothing goes wrong, and the calls that its first run makes of what."""
    milestone = start.copy(start.folder.with_name("undisturbed"))
    milestone.plant(Fault("stays"))
    assert milestone.runs() == 3, milestone.outputs
    calls = {program: milestone.calls(program) for program, _ in PROGRAMS}
    assert milestone.goes_on() == [("phase-1", "continue")]
    return milestone, calls


def goes_wrong(start, fault, undisturbed, bug=""):
    """Run with a fault, then without it until the milestone is complete; returns what is wrong then, if anything."""
    name = re.sub(r"\W+", "-", f"{fault.program} {fault.call} {fault.mode}")
    milestone = start.copy(start.folder.with_name(name))
    milestone.bug = bug
    milestone.plant(fault)
    code, struck = milestone.runs(), milestone.struck()
    if struck is None and (fault.is_among(milestone.calls(fault.program)) or not milestone.calls("git")):
        return f"{fault}: it never came to that"  # where there are that many: git may look at an index once more
    milestone.good()
    wrong = wrongly_ended(milestone, code) or wrongly_went_on(milestone, undisturbed, exactly=is_exact(fault))
    if wrong:
        return f"{fault} ({struck}): {wrong}"
    shutil.rmtree(milestone.folder)
    return None


def is_exact(fault):
    """Return whether no other attempt is allowed; it is where an agent fails, or git says that it added and did not."""
    return fault.program != "agent" and fault.mode not in {"nothing", "garbage"}


def sweep(start, faults, undisturbed, bug=""):
    """Try each fault; returns what went wrong."""
    with ThreadPoolExecutor(3) as several:
        problems = several.map(lambda fault: goes_wrong(start, fault, undisturbed, bug), faults)
        return [wrong for wrong in problems if wrong is not None]


def every(undisturbed, program, modes):
    return [Fault(program, call, mode) for mode in modes for call in range(1, len(undisturbed[1][program]) + 1)]


@pytest.mark.torture
@pytest.mark.parametrize(("program", "mode"), [(program, mode) for program, modes in PROGRAMS for mode in modes])
def test_a_milestone_survives_every_faulty_call(start, undisturbed, program, mode):
    faults = every(undisturbed, program, [mode])
    wrong = sweep(start, faults, undisturbed[0])
    print(
        f"figure: converged after a call of {program} went wrong ({mode}): {len(faults) - len(wrong)} / {len(faults)}"
    )
    assert not wrong, "\n\n".join(wrong)


def test_a_milestone_survives_a_few_faulty_calls(start, undisturbed):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    faults = [fault for program, modes in PROGRAMS for fault in every(undisturbed, program, modes)]
    tried = random.Random(seed).sample(faults, 2)
    wrong = sweep(start, tried, undisturbed[0])
    print(f"figure: converged after a call went wrong: {len(tried) - len(wrong)} / {len(tried)}")
    assert not wrong, "\n\n".join(wrong)


OVERLOOKED = """
from run_milestone.adapters.git.refs import Refs
def move(self, name, *commits):
    self._git.call("update-ref", "--no-deref", name, *commits, directory=self._git.common)
Refs._move = move
"""
MARKED_FIRST = """
from run_milestone.adapters.git.remote import Remote
push, head, heads, later = Remote.push, Remote.remote_head, Remote.remote_heads, []
Remote.remote_head = lambda self, name: (later and push(*later.pop()), head(self, name))[1]
Remote.remote_heads = lambda self: (later and push(*later.pop()), heads(self))[1]
Remote.push = lambda self, *what: (later.append((self, *what)), what[0])[1]
"""
NOT_READ_BACK = """
from run_milestone.adapters.git.remote import Remote
def push(self, sha, branch, expected):
    self._git.call("push", "--quiet", "--", self.url, f"{sha}:refs/heads/{branch}")
    return sha
Remote.push = push
"""


@pytest.mark.torture
@pytest.mark.parametrize(
    ("bug", "call", "mode"),
    [
        pytest.param(OVERLOOKED, "update-ref --no-deref refs/heads/feat/m1-02", "before", id="a failure is overlooked"),
        pytest.param(MARKED_FIRST, ":refs/heads/feat/m1-02", "killed", id="the marker comes before the effect"),
        pytest.param(NOT_READ_BACK, ":refs/heads/feat/m1-02", "nothing", id="nothing is read back"),
    ],
)
def test_a_planted_bug_is_caught(start, undisturbed, bug, call, mode):
    assert goes_wrong(start, Fault("git", call, mode), undisturbed[0]) is None
    assert "m1-02" in goes_wrong(start, Fault("git", call, mode), undisturbed[0], bug)
