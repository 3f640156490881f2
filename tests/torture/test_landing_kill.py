"""Landing that is killed as it enters or leaves any of its functions for the first time, and then runs again."""

import json
import shutil
import signal
import subprocess
import sys

import pytest
from support.person import Person
from support.stacks import LARGE, Stack, lands, open_stack, stack_of, states

WATCHED = ("/commands/land/", "/adapters/forge/local/pulls.py", "/steps/across.py", "/store/")
KILLER = f"""
import os, sys
from run_milestone.commands import main

left, seen = int(sys.argv[1]), set()

def watch(frame, event, _):
    global left
    code = frame.f_code
    place = code.co_filename, code.co_qualname, event
    if event in ("call", "return") and place not in seen and any(part in place[0] for part in {WATCHED!r}):
        seen.add(place)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)

sys.setprofile(watch)
code = main(["land", "m1"])
sys.setprofile(None)
print("places", len(seen))
raise SystemExit(code)
"""


def copy(home, to):
    shutil.copytree(home, to, symlinks=True)
    return Stack(Person(to / "widgets"))


def landing(stack, place):
    command = [sys.executable, "-c", KILLER, str(place)]
    return subprocess.run(command, cwd=stack.person.folder, capture_output=True, text=True, check=False)


def end_state(stack):
    """What a landing leaves for people: the tree, the merges, the pull requests, and the record of them."""
    record = json.loads((stack.person.folder / "state/m1/landing.json").read_text())
    main = stack.git("rev-parse", "main")
    return {
        "tree": stack.on_remote("rev-parse", "milestone/m1^{tree}"),
        "merges": len(stack.on_remote("rev-list", "--first-parent", f"{main}..milestone/m1").split()),
        "pulls": states(stack),
        "issues": [one["issue"] for one in record["issues"]],
        "verify": stack.person.types("verify", "m1").code,
    }


def sweep(home, folder, places):
    """Kill at each of these places in a copy, and land again; returns those after which the end is another one."""
    whole = copy(home, folder / "whole")
    assert landing(whole, 0).returncode == 0
    wanted, wrong = end_state(whole), []
    for place in places:
        stack = copy(home, folder / str(place))
        killed = landing(stack, place).returncode == -signal.SIGKILL
        if not (killed and lands(stack).code == 0 and end_state(stack) == wanted):
            wrong.append(place)
        shutil.rmtree(folder / str(place))
    return wrong


@pytest.mark.torture
def test_landing_converges_wherever_it_is_killed(make_milestone, tmp_path):
    open_stack(stack_of(make_milestone, LARGE))
    home = tmp_path / "ready"
    shutil.copytree(
        tmp_path, home, symlinks=True, ignore=lambda folder, _: ["ready"] if folder == str(tmp_path) else []
    )
    counted = landing(copy(home, tmp_path / "counted"), 0).stdout
    places = int(counted.rpartition("places ")[2])
    wrong = sweep(home, tmp_path, range(1, places + 1))
    print(f"figure: landing converged after {places - len(wrong)} / {places} kills")
    assert wrong == []
