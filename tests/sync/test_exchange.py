"""The state on a ref: what one machine recorded is what the next one has, and of many at once nothing is lost."""

import json
import os
import threading

import pytest

from run_milestone.core.errors import BusyError, DamagedStateError, OutsideError
from run_milestone.model import Issue, Milestone, Phase
from run_milestone.store.journal import Journal
from run_milestone.sync.merge import Clash
from run_milestone.sync.shared_state import SharedState
from run_milestone.sync.validate import form

MILESTONE = Milestone("m1", "Parts", "milestone/m1", (Phase(1, "All", (Issue("01", "Part 1", "part-1", 1),)),))
REF = "refs/run-milestone/m1/state"
OWN = {"seal", "lock", "journal.head", "shared.json", "report.html", "cache/plan.json"}


def at_once(*calls):
    """Make calls at the same moment; returns what each came to, an error included."""
    came, start = [None] * len(calls), threading.Barrier(len(calls))

    def make(place, call):
        start.wait()
        try:
            came[place] = call()
        except Exception as error:  # noqa: BLE001  # what it came to is looked at by the test
            came[place] = error

    threads = [threading.Thread(target=make, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_the_next_machine_gets_every_shared_record(machine):
    ada = machine("ada")
    ada.marks("bootstrap", head="1")
    ada.asks("01")
    ada.decides("02", "a")
    for name in OWN - {"journal.head", "shared.json"}:
        path = ada.state.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("local")
    logs = ada.state.logs("01")
    (logs / "test.log").write_text("short\n")
    (logs / "agent-1.log").write_text("long\n" * 100_000)
    assert ada.push().lost == 0
    bob = machine("bob")
    assert bob.pull()
    assert bob.everything().keys() - OWN == ada.everything().keys() - OWN - {"logs/01/agent-1.log"}
    assert ada.sync.export.logs_left_out() == ("logs/01/agent-1.log",)
    assert bob.decided() == ada.decided()
    assert bob.state.validate() == 3
    assert (bob.pull(), bob.push()) == (False, None), "nothing is new, so nothing is pushed"


def test_two_machines_merge_into_one_journal(machine):
    ada, bob = machine("ada"), machine("bob")
    ada.marks("bootstrap", head="1")
    ada.push()
    bob.pull()
    ada.marks("01:lint", fixed=1)
    bob.marks("02:lint", fixed=2)
    ada.push()
    assert bob.push()
    ada.pull()
    tasks = [entry["task"] for entry in ada.state.journal.entries()]
    assert tasks == ["bootstrap", "01:lint", "02:lint"]
    assert tasks == [entry["task"] for entry in bob.state.journal.entries()]
    assert ada.state.journal.broken() is None
    assert bob.state.journal.broken() is None
    assert ada.everything().keys() == bob.everything().keys()


def test_a_taken_answer_is_removed_everywhere(machine):
    ada, bob = machine("ada"), machine("bob")
    asked = ada.asks("01")
    ada.push()
    bob.pull()
    bob.state.approvals.leave("01", "fix", why="do", who="bob", digest=asked.digest)
    bob.push()
    ada.pull()
    assert [(one.file, one.who, one.why) for one in ada.state.approvals.all()] == [("01.fix", "bob", "do")]
    assert ada.state.approvals.all()[0].written >= ada.state.gates.since("01"), "an answer is never too old by travel"
    ada.state.approvals.take(ada.state.approvals.all()[0])
    ada.state.gates.close("01")
    ada.push()
    bob.pull()
    assert bob.state.approvals.all() == bob.state.gates.all() == ()


def test_a_touched_answer_travels_bound_to_its_question(machine):
    ada, bob = machine("ada"), machine("bob")
    asked = ada.asks("01", digest="d" * 64)
    (ada.state.folder / "approvals" / "01.fix").write_text("look again\n")
    (ada.state.folder / "approvals" / "02.skip").touch()
    ada.asks("03")
    old = ada.state.folder / "approvals" / "03.fix"
    old.touch()
    os.utime(old, (1, 1))
    ada.push()
    bob.pull()
    approvals = {one.file: one for one in bob.state.approvals.all()}
    assert approvals.keys() == {"01.fix", "02.skip"}
    assert (approvals["01.fix"].digest, approvals["01.fix"].why) == (asked.digest, "look again")
    assert approvals["02.skip"].digest is None
    assert {one.file: one.source for one in ada.state.approvals.all() if one.when} == {
        name: one.source for name, one in approvals.items()
    }
    assert old.exists()


def test_the_same_issue_on_two_machines_clashes(machine):
    ada, bob = machine("ada"), machine("bob")
    ada.marks("01:lint", fixed=1)
    bob.marks("01:lint", fixed=2)
    ada.push()
    before = bob.everything()
    with pytest.raises(Clash, match="Issue 01 was worked on here and elsewhere"):
        bob.push()
    assert bob.everything() == before


# ---- races --------------------------------------------------------------------------------------------------------


def test_of_concurrent_swaps_exactly_one_wins(machine):
    everybody, rounds, old = [machine(f"m{number}") for number in range(4)], 6, None
    for turn in range(rounds):
        made = [one.sync.refs.commit({"who": f"{turn} {one.folder}".encode()}, old, "x") for one in everybody]
        for one in everybody:
            one.sync.refs.fetch((), ("state",) if old else ())
        came = at_once(*(
            lambda one=one, new=new, old=old: one.sync.refs.swap({"state": (old, new)})
            for one, new in zip(everybody, made, strict=True)
        ))  # fmt: skip
        assert came.count(None) == 1, came
        old = everybody[0].sync.refs.look().refs["state"]
        assert old == made[came.index(None)]
        [one.sync.refs.fetch((), ("state",)) for one in everybody]
    print(f"figure: swaps won exactly once: {rounds} / {rounds} rounds of {len(everybody)}")


def race(machine, machines, rounds):
    """Let machines record and push at the same moment, again and again; returns them and what each push came to."""
    everybody, came = [machine(f"m{number}") for number in range(machines)], []
    for turn in range(rounds):
        for number, one in enumerate(everybody, start=1):
            one.decides(f"{number:02}", f"{number}-{turn}")
        came += at_once(*(one.push for one in everybody))
        for number, one in enumerate(everybody, start=1):
            one.marks(f"{number:02}:lint", fixed=turn)
        came += at_once(*(one.push for one in everybody))
    return everybody, came


def check_race(everybody, came, rounds):
    """Nothing was lost: every decision has its number, every entry is chained, every push is one commit."""
    errors = [error for error in came if isinstance(error, Exception)]
    assert not errors, errors
    for one in everybody:
        one.pull()
    ada = everybody[0]
    assert len({one.commit for one in came}) == len(came)
    assert sorted(number for number, _, _ in ada.decided()) == list(range(1, rounds * len(everybody) + 1))
    assert len({source for _, _, source in ada.decided()}) == rounds * len(everybody)
    entries = [(entry["id"], entry["gate"]) for entry in ada.state.journal.entries() if entry["event"] == "decision"]
    assert sorted(entries) == [(number, gate) for number, gate, _ in ada.decided()]
    assert all(one.state.journal.broken() is None for one in everybody)
    assert all(one.state.validate() == 2 * rounds * len(everybody) for one in everybody)
    print(f"figure: pushes won exactly once: {len(came)} / {len(came)}; races lost: {sum(one.lost for one in came)}")


def test_of_many_concurrent_pushes_none_is_lost(machine):
    everybody, came = race(machine, 4, 2)
    check_race(everybody, came, 2)


def test_of_concurrent_locks_exactly_one_holds(machine):
    everybody = [machine(f"m{number}") for number in range(3)]
    came = at_once(*(lambda one=one: one.sync.lock.take(None) for one in everybody))
    held = [one for one in came if not isinstance(one, Exception)]
    refused = [one for one in came if isinstance(one, BusyError)]
    assert (len(held), len(refused)) == (1, 2), came
    assert all(f"(lock {held[0].id})" in str(error) for error in refused)
    holder = everybody[came.index(held[0])]
    other = everybody[came.index(refused[0])]
    assert other.sync.lock.take(held[0].id) == held[0], "a process with the id works under the same lock"
    with pytest.raises(BusyError):
        other.sync.lock.release("another")
    assert holder.sync.lock.release(held[0].id)
    assert not holder.sync.lock.release(held[0].id)
    print("figure: locks won exactly once: 1 / 1 of 3 at once")


def test_without_its_lock_a_run_pushes_nothing(machine):
    ada, bob = machine("ada"), machine("bob")
    mine = ada.sync.lock.take(None)
    ada.marks("01:lint", fixed=1)
    ada.push()
    bob.sync.lock.release(mine.id)
    ada.marks("01:test", passed=1)
    with pytest.raises(BusyError, match="was taken away"):
        ada.push()
    theirs = bob.sync.lock.take(None)
    with pytest.raises(BusyError, match=theirs.id):
        ada.push()
    bob.pull()
    assert bob.state.markers.read("01:test") is None


def test_a_run_pulls_answers_while_it_goes_on(machine):
    ada, bob = machine("ada"), machine("bob")
    asked = ada.asks("01", digest="d" * 64)
    run = SharedState()
    lines = [*run.lock(MILESTONE, ada.state, ada.git), *run.start(), *run.push()]
    bob.pull()
    bob.state.approvals.leave("01", "fix", digest=asked.digest)
    bob.push()
    lines += run.pull()
    assert [one.file for one in ada.state.approvals.all()] == ["01.fix"]
    lines += run.release()
    assert "lock" not in bob.sync.refs.look().refs
    assert lines == []


# ---- the work -----------------------------------------------------------------------------------------------------


def test_commits_on_no_branch_travel_with_records(machine, git, hub):
    ada, bob = machine("ada"), machine("bob")
    branch, made = ada.commits("01", "PART = 1\n")
    ada.push()
    assert f"refs/heads/{branch}" not in git(hub, "for-each-ref", "--format=%(refname)")
    bob.pull()
    assert bob.git.head(branch) == made
    branch, more = bob.commits("01", "PART = 2\n")
    bob.state.markers.write("01:lint", {}, {"head": more, "fixed": 0}, 0.1)
    bob.push()
    ada.pull()
    assert ada.git.head(branch) == more
    ada.git.push(more, branch, None)
    ada.state.markers.write("01:push", {}, {"head": more}, 0.1)
    ada.push()
    assert f"work/{branch}" not in ada.sync.refs.look().refs, "the branch has it now"


def test_commits_with_a_secret_are_withheld(machine):
    ada = machine("ada")
    ada.commits("01", "KEY = 'AKIA" + "QX7TZ3M5LB2VN8RC'\n")
    ada.push()
    assert ada.sync.refs.look().refs.keys() == {"state"}
    assert "The commits of #01 stay here" in ada.sync.take_notes()[0]


def test_the_work_before_a_restart_travels_too(machine):
    ada, bob = machine("ada"), machine("bob")
    branch, first = ada.commits("01", "PART = 1\n")
    ada.push()
    bob.pull()
    ada.git.keep("m1/01/attempt-1", first)
    ada.git.set_branch(branch, ada.git.head("main"), first)
    _, second = ada.commits("01", "PART = 2\n")
    ada.state.markers.write("01:lint", {}, {"head": second, "fixed": 0}, 0.1)
    ada.push()
    bob.pull()
    assert bob.git.head(branch) == second
    assert bob.git.kept("m1/01/attempt-1") == (first,)


def test_kept_work_with_a_secret_stays_here(machine):
    ada = machine("ada")
    branch, first = ada.commits("01", "KEY = 'AKIA" + "QX7TZ3M5LB2VN8RC'\n")
    ada.git.keep("m1/01/attempt-1", first)
    ada.git.set_branch(branch, ada.git.head("main"), first)
    ada.commits("01", "PART = 2\n")
    ada.push()
    assert ada.sync.refs.look().refs.keys() == {"state", f"work/{branch}"}
    assert "The commits of #01 stay here" in ada.sync.take_notes()[0]


def test_a_removed_secret_withholds_its_branch(machine):
    ada = machine("ada")
    ada.commits("01", "KEY = 'AKIA" + "QX7TZ3M5LB2VN8RC'\n")
    ada.commits("01", "PART = 2\n")
    ada.push()
    assert ada.sync.refs.look().refs.keys() == {"state"}


# ---- bad input ----------------------------------------------------------------------------------------------------


def raw_tree(git, hub, entries):
    """Write a tree that git's own commands would not: entries are (mode, name, object id)."""
    body = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(sha) for mode, name, sha in entries)
    return git(hub, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=body)


def put(git, hub, entries, *, parent=None):
    tree = raw_tree(git, hub, entries)
    made = git(hub, "-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit-tree", tree,
               *(("-p", parent) if parent else ()), "-m", "hello")  # fmt: skip
    git(hub, "update-ref", REF, made)
    return made


def blob(git, hub, content):
    return git(hub, "hash-object", "-w", "--stdin", stdin=content)


def down(name, *names, tree, last):
    """One entry that leads down through these folders to a file."""
    return [("40000", name, tree(down(*names, tree=tree, last=last)))] if names else [("100644", name, last)]


GATE = json.dumps(
    {
        "gate": "01",
        "kind": "tests",
        "attempt": 1,
        "attempts": 2,
        "verbs": [],
        "findings": [],
        "digest": "",
        "change": "",
    }
).encode()
HOSTILE = {
    "no form": lambda new, tree: [("100644", "summary.json", new(b"{}"))],
    "another milestone": lambda new, tree: [("100644", "FORM", new(form("m2")))],
    "a later form": lambda new, tree: [("100644", "FORM", new(b"run-milestone state 2 of m1\n"))],
    "bad JSON": lambda new, tree: [("100644", "bootstrap.json", new(b"{oops"))],
    "deep JSON": lambda new, tree: [("100644", "bootstrap.json", new(b"[" * 100_000))],
    "no UTF-8": lambda new, tree: [("100644", "summary.md", new(b"\xff\xfe"))],
    "not a marker": lambda new, tree: [("100644", "bootstrap.json", new(b'{"task": 1}'))],
    "a gate under another's name": lambda new, tree: [("40000", "gates", tree([("100644", "02.json", new(GATE))]))],
    "a symlink": lambda new, tree: [("120000", "summary.md", new(b"/etc/passwd"))],
    "a program": lambda new, tree: [("100755", "summary.md", new(b"#!/bin/sh"))],
    "a submodule": lambda new, tree: [("160000", "logs", "1" * 40)],
    "a way out": lambda new, tree: [("100644", "../x", new(b"x"))],
    "a folder's way out": lambda new, tree: [("40000", "..", tree([("100644", "x", new(b"x"))]))],
    "an absolute path": lambda new, tree: [("100644", "/tmp/x", new(b"x"))],
    "a git directory": lambda new, tree: [("40000", ".git", tree([("100644", "config", new(b"x"))]))],
    "a hidden one": lambda new, tree: [("40000", "logs", tree([("40000", ".GIT", tree([("100644", "x", new(b""))]))]))],
    "another's own file": lambda new, tree: [("100644", "seal", new(b"x"))],
    "a line break": lambda new, tree: [("100644", "a\nb", new(b"x"))],
    "too deep": lambda new, tree: [("40000", "a", tree(down("b", "c", "d", "e", tree=tree, last=new(b""))))],
    "a broken journal": lambda new, tree: [("100644", "journal.jsonl", new(b'{"n": 2, "prev": "x"}\n'))],
}


def test_a_hostile_state_is_refused_whole(machine, git, hub):
    ada = machine("ada")
    ada.marks("01:lint", fixed=1)
    before, passed = ada.everything(), []
    for name, entries in HOSTILE.items():
        made = entries(lambda content: blob(git, hub, content), lambda rows: raw_tree(git, hub, rows))
        own_form = [] if any(row[1] == "FORM" for row in made) or name == "no form" else [
            ("100644", "FORM", blob(git, hub, form("m1")))]  # fmt: skip
        commit = put(git, hub, sorted([*own_form, *made], key=lambda row: row[1]))
        for act in (ada.pull, ada.push):
            try:
                act()
            except DamagedStateError:
                continue
            passed.append(name)
        assert (ada.everything(), git(hub, "rev-parse", REF)) == (before, commit), name
    assert passed == []
    print(f"figure: hostile states refused: {len(HOSTILE)} / {len(HOSTILE)}")


def test_a_replaced_state_is_refused(machine, git, hub):
    ada, bob = machine("ada"), machine("bob")
    for turn in range(2):
        ada.marks("01:lint", fixed=turn)
        ada.push()
    bob.pull()
    before = bob.everything()
    git(hub, "update-ref", REF, f"{REF}~1")
    with pytest.raises(DamagedStateError, match="was replaced: commit"):
        bob.push()
    git(hub, "update-ref", "-d", REF)
    with pytest.raises(DamagedStateError, match="the ref is gone"):
        bob.pull()
    assert bob.everything() == before
    (bob.state.folder / "shared.json").unlink()
    assert bob.push().lost == 0, "and deleting the note says that it was meant"


def test_a_journal_changed_on_the_remote_is_refused(machine):
    ada, bob = machine("ada"), machine("bob")
    ada.marks("01:lint", fixed=1)
    ada.push()
    bob.pull()
    files = {**ada.sync.export.files(), "FORM": form("m1"), "journal.jsonl": b""}
    old = ada.sync.refs.look().refs["state"]
    assert ada.sync.refs.swap({"state": (old, ada.sync.refs.commit(files, old, "x"))}) is None
    with pytest.raises(DamagedStateError, match="entries of its journal were changed or removed"):
        bob.pull()


def test_a_rejected_push_says_why_and_loses_nothing(machine, hub):
    hook = hub / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'only releases here' >&2\nexit 1\n")
    hook.chmod(0o755)
    ada = machine("ada")
    ada.marks("01:lint", fixed=1)
    with pytest.raises(OutsideError, match=r"does not take refs/run-milestone/m1/state: .*only releases here"):
        ada.push()
    with pytest.raises(OutsideError, match=r"cannot be locked on the remote: .*only releases here"):
        ada.sync.lock.take(None)
    assert ada.state.markers.read("01:lint")
    hook.unlink()
    assert ada.push()


def test_an_unreachable_remote_is_reported(machine, hub):
    ada = machine("ada")
    hub.rename(hub.with_name("moved"))
    with pytest.raises(OutsideError, match=r"The remote .*hub\.git cannot be asked: .*does not appear to be a git"):
        ada.push()


def test_a_clock_that_runs_backwards_changes_nothing(machine, monkeypatch):
    ada, bob = machine("ada"), machine("bob")
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)  # the year 2096
    ada.asks("01", digest="d" * 64)
    ada.marks("01:lint", fixed=1)
    ada.push()
    monkeypatch.undo()
    bob.pull()
    bob.state.approvals.leave("01", "fix", digest="d" * 64)
    bob.marks("02:lint", fixed=1)
    assert bob.push().lost == 0
    ada.pull()
    assert ada.state.approvals.all()[0].written >= ada.state.gates.since("01")
    assert ada.state.validate() == 3


@pytest.mark.parametrize("kept", [0, 1])
def test_a_rewritten_journal_is_not_shared(machine, kept):
    """The remote has the head of the chain, so a whole new chain here is seen."""
    ada = machine("ada")
    ada.marks("01:lint", fixed=1)
    ada.decides("02", "a")
    ada.push()
    lines = (ada.state.folder / "journal.jsonl").read_text().splitlines(True)
    (ada.state.folder / "journal.jsonl").write_text("".join(lines[:kept]))
    (ada.state.folder / "journal.head").unlink()
    forger = Journal(ada.state.folder / "journal.jsonl")
    forger.add("decision", id=1, gate="02", verb="approve", who="alice")
    forger.add("done", task="01:test", took=0.1)
    assert forger.broken() is None
    with pytest.raises(DamagedStateError, match="on this machine cannot be used: entries of its journal were changed"):
        ada.push()


def test_secrets_never_leave_the_machine(machine):
    token = "ghp_" + "a1B2" * 9
    ada, bob = machine("ada"), machine("bob")
    ada.asks("01", digest="d" * 64)
    (ada.state.folder / "approvals" / "01.fix").write_text(f"use {token}\n")
    ada.push()
    bob.pull()
    assert bob.state.approvals.all()[0].why == "use [redacted]"
    journal = ada.state.folder / "journal.jsonl"
    journal.write_text(f'{{"n": 1, "why": "{token}"}}\n')
    with pytest.raises(DamagedStateError, match=r"Line 1 of journal\.jsonl holds what looks like a secret"):
        ada.push()


@pytest.mark.parametrize("lock", ["", "a b", "-x", "a;touch b", "$(id)", "a/b", "x" * 200, "ä"])
def test_a_locks_id_is_a_plain_word(machine, lock):
    from run_milestone.core.errors import UsageError
    from run_milestone.sync.remote_lock import checked

    with pytest.raises(UsageError, match="is no id of a lock"):
        checked(lock)


@pytest.mark.torture
def test_of_very_many_concurrent_pushes_none_is_lost(machine):
    everybody, came = race(machine, 8, 10)
    check_race(everybody, came, 10)


def test_a_killed_gits_lock_file_holds_nothing_up(machine):
    ada = machine("ada")
    (ada.git.dir / "refs" / "shared").mkdir(parents=True)
    (ada.git.dir / "refs" / "shared" / "imported.lock").touch()
    ada.marks("01:lint", fixed=1)
    assert ada.push()


@pytest.mark.parametrize("name", ["approvals/stale/03.fix.1", "approvals/04.fix", "logs/01/test.log"])
def test_text_that_nobody_can_read_stays_here(machine, name):
    ada = machine("ada")
    path = ada.state.folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"f\xfcr")  # a file of Latin-1, which answers nothing
    ada.marks("01:lint", fixed=1)
    assert ada.push()
    assert name not in ada.sync.refs.listing(ada.sync.refs.look().refs["state"])
