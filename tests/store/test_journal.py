"""The journal is append-only: an entry that was changed, removed, added or moved shows."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import threading
import time

import pytest

from run_milestone.core.errors import DamagedStateError
from run_milestone.store import State
from run_milestone.store.journal import Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "m4.1" / "journal.jsonl")


@pytest.fixture
def path(journal):
    """A journal of eight entries, and where it is."""
    for number in range(1, 9):
        journal.add("decision", id=number, gate="03", verb="fix", who="ada", why="für später\u2028✓")
    return journal._path


def again(path):
    """The journal as the next process sees it."""
    return Journal(path)


def test_there_is_nothing_before_the_first_entry(journal):
    assert list(journal.entries()) == []
    assert journal.broken() is None
    assert not journal._path.exists()


def test_entries_are_read_in_order_by_later_runs(path):
    again(path).add("run started")
    entries = list(again(path).entries())
    assert [entry["n"] for entry in entries] == list(range(1, 10))
    assert entries[0]["why"] == "für später\u2028✓"
    assert entries[-1]["event"] == "run started"
    assert again(path).broken() is None


EDITS = {
    "verb changed": lambda line: line.replace(b'"fix"', b'"skip"'),
    "reason changed": lambda line: line.replace("für".encode(), b"vor"),
    "time changed": lambda line: line.replace(b'"at": "2', b'"at": "1'),
    "number changed": lambda line: line.replace(b'"n": ', b'"n": 1'),
    "white space added": lambda line: line.replace(b", ", b",  ", 1),
    "key added": lambda line: line.replace(b"{", b'{"x": 1, ', 1),
    "torn": lambda line: line[: len(line) // 2] + b"\n",
    "emptied": lambda _: b"\n",
    "removed": lambda _: b"",
    "doubled": lambda line: line + line,
    "carriage return added": lambda line: line[:-1] + b"\r\n",
    "hidden before a carriage return": lambda line: b'{"event": "decision", "verb": "approve"}\r' + line,
    "not JSON": lambda line: b"oops" + line,
    "no object": lambda _: b"[1]\n",
    "NUL byte": lambda line: line.replace(b"ada", b"a\0a"),
    "deep nesting": lambda _: b"[" * 100_000 + b"\n",
}


def test_every_edit_of_every_line_is_detected(path):
    lines = path.read_bytes().splitlines(keepends=True)
    missed = []
    for number, line in enumerate(lines):
        for name, edit in EDITS.items():
            path.write_bytes(b"".join([*lines[:number], edit(line), *lines[number + 1 :]]))
            if again(path).broken() is None:
                missed.append((number + 1, name))
    print(f"figure: edits detected: {len(lines) * len(EDITS) - len(missed)} / {len(lines) * len(EDITS)}")
    assert missed == []


def test_every_exchange_and_every_cut_is_detected(path):
    lines = path.read_bytes().splitlines(keepends=True)
    orders = [[*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]] for i in range(len(lines) - 1)]
    cuts = [lines[:keep] for keep in range(len(lines))]
    missed = []
    for edited in [*orders, *cuts, lines[1:], lines * 2, lines[::-1]]:
        path.write_bytes(b"".join(edited))
        if again(path).broken() is None:
            missed.append(edited)
    assert missed == []


def test_an_edit_stays_detected_after_more_entries(path):
    lines = path.read_bytes().splitlines(keepends=True)
    for edited in (lines[:-1], lines[:-3], [*lines[:-1], lines[-1].replace(b"ada", b"eve")]):
        path.write_bytes(b"".join(edited))
        later = again(path)
        for _ in range(4):
            later.add("run started")
        assert later.broken() is not None
        assert again(path).broken() is not None
        path.write_bytes(b"".join(lines))
        assert again(path).broken() is None


def test_entries_that_somebody_else_chained_on_are_detected(path):
    head = path.with_name("journal.head").read_bytes()
    later = again(path)
    later.add("decision", id=9, verb="approve")
    later.add("decision", id=10, verb="approve")
    path.with_name("journal.head").write_bytes(head)
    assert "10 entries where 8 were written" in again(path).broken()


def test_a_removed_journal_is_detected(path):
    path.unlink()
    assert "0 entries where 8 were written" in again(path).broken()


def test_validation_names_the_file_and_the_line(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], lines[4].replace(b"ada", b"eve"), *lines[5:]]))
    with pytest.raises(DamagedStateError, match=r"journal\.jsonl was changed: line 6: does not follow"):
        State(path.parent).validate()


def test_every_writer_sees_what_others_wrote(path):
    first, second = again(path), again(path)
    for number in range(20):
        (first, second)[number % 3 == 0].add("seen", by=number)
        if number % 2:
            assert list(first.entries()) == list(second.entries()) == list(again(path).entries())
        assert first.last("seen")["by"] == second.last("seen")["by"] == number
    path.write_bytes(path.read_bytes().replace(b"ada", b"bob"))
    assert {entry["who"] for entry in first.entries() if "who" in entry} == {"bob"}


def test_the_next_entry_repairs_a_torn_line(path):
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for kept in range(1, len(last)):
        path.write_bytes(whole + last[:kept])
        assert again(path).broken() is None
        assert len(list(again(path).entries())) == 8
    again(path).add("run started")
    assert again(path).broken() is None
    assert [entry["n"] for entry in again(path).entries()] == list(range(1, 10))


def test_a_crash_before_the_head_is_no_edit(path, monkeypatch):
    note = Journal._write_head

    def crash(journal, place):
        if place[0] == written:
            raise SystemExit
        note(journal, place)

    for written in (9, 10, 11):
        monkeypatch.setattr(Journal, "_write_head", crash)
        with pytest.raises(SystemExit):
            again(path).add("run started")
        monkeypatch.undo()
        assert again(path).broken() is None
        assert len(list(again(path).entries())) == written
    again(path).add("run started")
    assert again(path).broken() is None


def test_threads_share_one_journal(journal):
    def work(name):
        for number in range(50):
            journal.add("done", task=f"{name}:{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.broken() is None
    assert len({entry["task"] for entry in journal.entries()}) == 400


def test_no_secret_of_the_environment_reaches_the_journal(journal, monkeypatch):
    monkeypatch.setenv("FORGE_TOKEN", "canary-5f1d9e")
    journal.add("failed", why="401 for canary-5f1d9e", tasks=["canary-5f1d9e", {"of": "canary-5f1d9e"}])
    assert b"canary" not in journal._path.read_bytes()
    assert journal.broken() is None


def test_a_name_of_any_bytes_can_be_told(journal):
    journal.add("approval refused", file=os.fsdecode(b"03.fi\xff"))
    assert journal.broken() is None
    assert os.fsencode(next(journal.entries())["file"]) == b"03.fi\xff"


@pytest.mark.parametrize("place", ["FIFO", "directory", "symlink"])
def test_a_journal_that_is_no_file_is_refused(path, place):
    path.rename(path.with_name("elsewhere"))
    make = {"FIFO": os.mkfifo, "directory": os.mkdir, "symlink": lambda p: os.symlink(p.with_name("elsewhere"), p)}
    make[place](path)
    began = time.monotonic()
    for use in (lambda: list(again(path).entries()), again(path).broken, lambda: again(path).add("run started")):
        with pytest.raises(DamagedStateError, match=r"journal\.jsonl cannot be read"):
            use()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("line", [b"oops\n", b'{"n": 9, "at": "2026-11-22", "evemt": "done"}\n'])
def test_a_line_that_is_no_entry_is_named(path, line):
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(DamagedStateError, match=r"journal\.jsonl cannot be read: line 9 is not an entry"):
        list(again(path).entries())


KILLED = """
import sys
from pathlib import Path
from run_milestone.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("writing", flush=True)
while True:
    journal.add("done", task="x" * 3000)
"""


def test_a_killed_writer_leaves_a_whole_chain(path):
    for moment in range(10):
        command = [sys.executable, "-c", KILLED, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.003 * moment)
            writer.kill()
        assert again(path).broken() is None
    again(path).add("run started")
    assert again(path).broken() is None


# ---- gone on with by others ---------------------------------------------------------------------------------------


@pytest.fixture
def twins(path, tmp_path):
    """Two machines that had the same journal and both went on: the other's lines, and this one's journal."""
    other = tmp_path / "other" / "journal.jsonl"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    other.with_name("journal.head").write_bytes(path.with_name("journal.head").read_bytes())
    for number in (1, 2):
        again(other).add("done", task=f"theirs {number}")
        again(path).add("done", task=f"ours {number}")
    return other.read_bytes()


def test_a_rebase_puts_the_entries_of_others_first(path, twins):
    journal = again(path)
    journal.rebase(twins, {})
    assert path.read_bytes().startswith(twins)
    entries = [entry.get("task") for entry in journal.entries()][8:]
    assert entries == ["theirs 1", "theirs 2", "ours 1", "ours 2"]
    journal.add("run ended")
    assert again(path).broken() is None
    before = path.read_bytes()
    journal.rebase(twins, {})
    assert path.read_bytes() == before, "what is there already is not added again"


def test_a_crash_in_a_rebase_leaves_a_journal(path, twins, monkeypatch):
    from run_milestone.store import journal as room

    write, ends = room.write_text, []
    for allowed in range(4):
        left = iter(range(allowed))
        monkeypatch.setattr(room, "write_text", lambda *args, left=left: (next(left), write(*args)))
        with contextlib.suppress(StopIteration):
            again(path).rebase(twins, {})
        monkeypatch.undo()
        assert again(path).broken() is None, allowed
        again(path).rebase(twins, {})
        ends.append([entry.get("task") for entry in again(path).entries()][8:])
    assert ends == [["theirs 1", "theirs 2", "ours 1", "ours 2"]] * 4


def test_entries_follow_the_new_numbers_of_decisions(path, twins):
    journal = again(path)
    for number, gate in ((7, "03"), (9, "05"), (7, "04")):
        journal.add("decision", id=number, gate=gate)
    journal.rebase(twins, {(7, "03"): 8, (9, "05"): None})
    decisions = [(entry["id"], entry["gate"]) for entry in journal.entries() if entry["event"] == "decision"]
    assert decisions[-2:] == [(8, "03"), (7, "04")]


def test_a_rebase_refuses_a_changed_journal(path, twins):
    with pytest.raises(DamagedStateError, match="on the remote, line 9"):
        again(path).rebase(twins.replace(b"theirs 1", b"forged 1").replace(b'"n": 9', b'"n": 1'), {})
    path.write_bytes(path.read_bytes().replace(b"ours 2", b"mine 2"))
    with pytest.raises(DamagedStateError, match="line 10: not what was written"):
        again(path).rebase(twins, {})


def full_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))


FULL = """
import resource, sys
from pathlib import Path
from run_milestone.core.errors import OutsideError
from run_milestone.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
failed = 0
for _ in range(5):
    try:
        journal.add("done", task="x" * 2000)
    except OutsideError:
        failed += 1
print(failed)
"""


def test_a_full_disk_leaves_no_torn_entry(tmp_path):
    path = tmp_path / "journal.jsonl"
    command = [sys.executable, "-c", FULL, str(path)]
    failed = int(subprocess.run(command, preexec_fn=full_disk, capture_output=True, text=True, check=True).stdout)
    assert failed == 3
    again(path).add("run started")
    assert again(path).broken() is None
    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [1, 2, 3]
