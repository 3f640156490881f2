"""Every record of a milestone, cut short, flipped or replaced: named or noticed, never taken for what it is not.

A sample in every run; `pytest -m torture tests/torture/test_damage.py` tries each truncation and each flipped byte.
"""

import functools
import json
import os
import random
import shutil
import signal

import pytest
from support.faulty_milestone import FaultyMilestone

from run_milestone.core.errors import DamagedStateError
from run_milestone.core.serialize import plain
from run_milestone.model import Landed, Step
from run_milestone.steps.barrier import Barrier
from run_milestone.steps.registry import OWN, STEPS
from run_milestone.store import State
from run_milestone.store.json_record import TIMES
from run_milestone.store.record_check import RecordCheck, refuse_forged

SEED = int(os.environ.get("TORTURE_SEED", "41"))
DERIVED = {"summary.json", "summary.md", "plan-review.md", "report.html", "seal", "lock", "metrics.json"}
"""What a run writes anew from the records, and what tells nothing of them."""
UNDIGESTED = {"remote.json", "issues.json", "landing.json"}
"""Records of which the journal holds no digest: a flip that leaves them well-formed says something else unnoticed."""
DEEP = b"[" * 100_000 + b"]" * 100_000
WHOLE = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "no number": b'{"task": NaN}',
    "nested deeply": DEEP,
    "10 MB": b'{"task": "' + b"x" * 10_000_000 + b'"}',
    "no text": b"\xff\xfe\x00\x01",
}
PLACES = {
    "a FIFO": os.mkfifo,
    "a folder": os.mkdir,
    "a link": lambda path: os.symlink("/etc/hostname", path),
    "a link to nothing": lambda path: os.symlink("nothing", path),
    "a link to itself": lambda path: os.symlink(os.path.basename(path), path),
}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """The state of a milestone that asks, with an answer that was taken and one that waits; returns its folder."""
    milestone = FaultyMilestone(tmp_path_factory.mktemp("records") / "home").make()
    milestone.runs()
    milestone.touches("02", "skip")
    milestone.runs()
    milestone.touches("phase-1", "continue")
    state = State(milestone.state)
    state.write_landed(Landed("m1", "milestone/m1", "main"))
    for folder in ("logs", "cache"):
        shutil.rmtree(milestone.state / folder, ignore_errors=True)
    assert len(list((milestone.state / "gates").iterdir())) == len(list((milestone.state / "decisions").iterdir())) == 1
    return milestone.state


def shape_of(task):
    if ":" in task:
        return STEPS[Step(task.partition(":")[2])].shape
    return OWN[task].shape if task in OWN else Barrier.shape


def tasks_in(folder):
    """Return the tasks that have a marker."""
    mine = [name for name in OWN if (folder / f"{name}.json").exists()]
    steps = [f"{path.parent.name}:{path.stem}" for path in sorted(folder.glob("issues/*/*.json"))]
    return [*mine, *steps, *(f"phase-{path.stem}" for path in sorted(folder.glob("phases/*.json")))]


def everything(folder, tasks):
    """Read every record as a run does; returns what they say. Errors: DamagedStateError."""
    state = State(folder)
    state.validate()
    refuse_forged(state)
    check = RecordCheck(state)
    for task in tasks:
        if why := check.marker(task):
            raise DamagedStateError(f"{state.markers.path(task)} {why}.", "Look at it.")
    values = [state.gates.all(), state.decisions.all(), state.approvals.all(), state.remembered(), state.landed()]
    values += [state.registry.roll, [*state.journal.entries()], [state.markers.read(task) for task in tasks]]
    values += [state.markers.evidence(task, shape_of(task)) for task in tasks]
    return lasting(plain(values))


def lasting(value):
    """Return what records say, without when they were made."""
    if isinstance(value, dict):
        return {name: lasting(inner) for name, inner in value.items() if name not in TIMES}
    return [lasting(inner) for inner in value] if isinstance(value, list) else value


def files_of(folder):
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in paths if path.name not in DERIVED and path.parent.name != "approvals"]


def kinds(paths):
    """Return one file for every kind of record."""
    chosen = {path.name if not path.name[0].isdigit() else path.parent.name: path for path in paths}
    return list(chosen.values())


def taken(folder, path, tasks, before):
    """Return what is wrong about how damage was taken; None where its file is named, or nothing was lost."""
    signal.alarm(20)
    try:
        after = everything(folder, tasks)
    except DamagedStateError as error:
        named = {path.name, "journal.jsonl"} if path.name.startswith("journal") else {path.name}
        return None if any(name in str(error) for name in named) else f"another file is named: {error}"
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a crash
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return None if after == before else "it was taken for something else"


def damaged(folder, path, content):
    """Write damage to a record; returns how it was taken, and puts the record back."""
    whole, (tasks, before) = path.read_bytes(), undamaged(folder)
    path.write_bytes(content)
    try:
        wrong = taken(folder, path, tasks, before)
    finally:
        path.write_bytes(whole)
    return f"{path.relative_to(folder)}, {content[:60]!r}…: {wrong}" if wrong else None


@functools.cache
def undamaged(folder):
    """Return the tasks that have a marker, and what all records say."""
    tasks = tasks_in(folder)
    return tasks, everything(folder, tasks)


def truncations(whole):
    return [whole[:end] for end in range(len(whole))]


def flips(whole):
    return [whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :] for at in range(len(whole))]


def sweep(folder, made, share):
    """Damage one file of every kind in every way, or a share of them; returns how many, and what went wrong."""
    rng, tried, wrong = random.Random(SEED), 0, []
    for path in kinds(files_of(folder)):
        ways = (truncations if path.name in UNDIGESTED else made)(path.read_bytes())
        ways = ways if share is None else rng.sample(ways, min(share, len(ways)))
        tried += len(ways)
        wrong += [bad for content in ways if (bad := damaged(folder, path, content))]
    return tried, wrong


def shown(what, tried, wrong):
    print(f"figure: row 9: {what}: {tried - len(wrong)} / {tried}")
    assert not wrong, f"{len(wrong)} of {tried}\n" + "\n".join(wrong[:20])


@pytest.mark.torture
def test_a_flip_without_a_digest_never_crashes(records):
    wrong = {}
    for path in (path for path in files_of(records) if path.name in UNDIGESTED):
        ways = flips(path.read_bytes())
        bad = [why for content in ways if (why := damaged(records, path, content))]
        assert all("it was taken for something else" in why for why in bad), bad
        wrong[path.name] = f"{len(bad)} of {len(ways)}"
    print(f"figure: flips that the journal has no digest for, not noticed: {wrong}")


@pytest.mark.torture
@pytest.mark.parametrize("made", [truncations, flips])
def test_no_damage_is_taken_for_done(records, made):
    shown(f"{made.__name__} of every kind of record", *sweep(records, made, None))


def test_some_damage_is_never_taken(records):
    tried, wrong = sweep(records, lambda whole: [*truncations(whole), *flips(whole)], 4)
    shown("some truncations and flips of every kind of record", tried, wrong)


def test_a_record_replaced_whole_is_named(records):
    paths = kinds(files_of(records))
    wrong = [bad for path in paths for content in WHOLE.values() if (bad := damaged(records, path, content))]
    shown("records replaced by something else", len(paths) * len(WHOLE), wrong)


def test_a_place_that_is_no_file_is_named(records):
    tried, wrong, (tasks, before) = 0, [], undamaged(records)
    for path in kinds(files_of(records)):
        for name, make in PLACES.items():
            aside = path.with_name(f".{path.name}")
            path.rename(aside)
            make(path)
            tried += 1
            if why := taken(records, path, tasks, before):
                wrong.append(f"{path.name} is {name}: {why}")
            path.rmdir() if name == "a folder" else path.unlink()
            aside.rename(path)
    shown("records that are no file", tried, wrong)


def test_fields_of_a_newer_version_are_named(records):
    paths = [path for path in kinds(files_of(records)) if path.suffix == ".json"]
    contents = [json.dumps({**json.loads(path.read_text()), "since 9.9": True}).encode() for path in paths]
    wrong = [bad for path, content in zip(paths, contents, strict=True) if (bad := damaged(records, path, content))]
    shown("records of a newer version", len(paths), wrong)
