"""Landing that is killed as it enters or leaves any of its functions for the first time, and then runs again.

What a killed landing leaves is its files. A landing that is copied at each of these places has left them all, and two
places with the same files between which nothing was written are one trial. A few of them are killed in earnest.
"""

import json
import shutil
import signal
import subprocess
import sys

import pytest
from support.person import Person
from support.stacks import LARGE, Stack, lands, open_stack, stack_of, states

WATCHED = ("/commands/land/", "/adapters/forge/local/pulls.py", "/steps/across.py", "/store/")
WATCHER = f"""
import hashlib, os, pathlib, shutil, sys
from run_milestone.commands import main

kill_at, copies, seen, states = int(sys.argv[1]), sys.argv[2], set(), []

def written(home):
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(home).rglob("*")):
        kind = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else path.is_dir()
        digest.update(repr((str(path), kind)).encode())
    return digest.digest()

def keep(home):
    states.append(written(home))
    if states[-1] not in states[:-1]:
        shutil.copytree(home, os.path.join(copies, str(len(states))), symlinks=True)

def watch(frame, event, _):
    code = frame.f_code
    place = code.co_filename, code.co_qualname, event
    if event not in ("call", "return") or place in seen or not any(part in place[0] for part in {WATCHED!r}):
        return
    seen.add(place)
    if len(seen) == kill_at:
        os.kill(os.getpid(), 9)
    if copies:
        sys.setprofile(None)
        keep(os.path.dirname(os.getcwd()))
        sys.setprofile(watch)

sys.setprofile(watch)
code = main(["land", "m1"])
sys.setprofile(None)
print("places", len(seen))
raise SystemExit(code)
"""
KILLED = 12
"""How many places are killed in earnest."""


def copy(home, to):
    shutil.copytree(home, to, symlinks=True)
    return Stack(Person(to / "widgets"))


def landing(stack, place, copies=""):
    command = [sys.executable, "-c", WATCHER, str(place), str(copies)]
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


def converges(stack, wanted):
    """Land what a kill left; returns whether the end is the one of a landing that nobody killed."""
    right = lands(stack).code == 0 and end_state(stack) == wanted
    shutil.rmtree(stack.person.folder.parent)
    return right


def killed(home, to, place):
    stack = copy(home, to)
    assert landing(stack, place).returncode == -signal.SIGKILL
    return stack


@pytest.mark.torture
def test_landing_converges_wherever_it_is_killed(make_milestone, tmp_path):
    open_stack(stack_of(make_milestone, LARGE))
    home, copies = tmp_path / "ready", tmp_path / "copies"
    shutil.copytree(
        tmp_path, home, symlinks=True, ignore=lambda folder, _: ["ready"] if folder == str(tmp_path) else []
    )
    copies.mkdir()
    whole = copy(home, tmp_path / "whole")
    places = int(landing(whole, 0, copies).stdout.rpartition("places ")[2])
    wanted = end_state(whole)
    left = sorted(int(path.name) for path in copies.iterdir())
    wrong = [place for place in left if not converges(Stack(Person(copies / str(place) / "widgets")), wanted)]
    print(f"figure: landing converged from {len(left) - len(wrong)} / {len(left)} states that {places} kills leave")
    few = range(1, places, places // KILLED)
    wrong += [place for place in few if not converges(killed(home, tmp_path / f"killed-{place}", place), wanted)]
    assert wrong == []
