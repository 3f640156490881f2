"""Approval files become decisions exactly once, or are set aside with the reason; real files, no fakes."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from run_milestone.commands.decide import rivals
from run_milestone.core.errors import UsageError
from run_milestone.model import AnswerComment, Approval, Finding, Issue, Kind, Milestone, Need, Phase, Severity, Verb
from run_milestone.policy import gating
from run_milestone.runner.agreement import add_up
from run_milestone.runner.approvers import Rights
from run_milestone.runner.decide import take_approvals
from run_milestone.store import State

ISSUES = tuple(Issue(number, f"Issue {number}", f"issue-{number}", 1) for number in ("03", "04"))
MILESTONE = Milestone("m4.1", "Users", "milestone/m4.1", (Phase(1, "Basics", ISSUES),))
CHANGE = "c" * 64
SHOWN = (Finding(Kind.TESTS, Severity.CRITICAL, "tests.test_cache::test_ttl", "test_ttl"),)
SIZE = (Finding(Kind.SIZE, Severity.WARNING, "files", "12 files"),)


class Desk:
    """The state folder of one milestone, and a person at it."""

    def __init__(self, folder):
        self.folder = folder
        self.state = State(folder)
        self.said = []
        self.change = CHANGE

    def asks(self, findings=SHOWN, name="03"):
        gate = gating.ask(name, findings, CHANGE, self.state.decisions.all(), MILESTONE)
        return self.state.gates.open(gate)[0]

    def touches(self, name, content=b""):
        path = self.folder / "approvals" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def settles(self):
        """The next run begins."""
        self.state = State(self.folder)
        decisions, refused = take_approvals(MILESTONE, self.state, dict.fromkeys(("03", "04"), self.change))
        self.said += [one.why for one in refused]
        return [f"{decision.gate} {decision.verb}" for decision in decisions]

    def names(self, folder):
        place = self.folder / folder
        return sorted(name for name in os.listdir(place) if name[0] != ".") if place.exists() else []

    @property
    def waiting(self):
        return [name for name in self.names("approvals") if name != "stale"]

    def journaled(self, event="decision"):
        return [entry for entry in self.state.journal.entries() if entry["event"] == event]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "m4.1")


def set_aside(desk, name, why):
    """Assert that a file was refused for this reason, said and journaled, and is kept; nothing was decided."""
    assert desk.settles() == []
    assert desk.waiting == []
    assert name in desk.names("approvals/stale")
    assert len(desk.said) == 1
    assert why in desk.said[0]
    assert why in desk.journaled("approval refused")[-1]["why"]
    assert desk.names("decisions") == []


# ---- several questions ----------------------------------------------------------------------------------------

SEVERAL = (
    *(Finding(kind, Severity.WARNING, "rule", f"{kind} is here") for kind in (Kind.LICENCE, Kind.SCOPE)),
    Finding(Kind.EMPTY, Severity.CRITICAL, "empty", "nothing changed"),
)


def test_each_question_takes_its_answer(desk):
    gate = desk.asks(SEVERAL)
    desk.touches("03.approve-licence", b"as agreed")
    desk.touches("03.fix-empty")
    assert sorted(desk.settles()) == ["03 approve", "03 fix"]
    made = {one.kind: (one.why, one.findings) for one in desk.state.decisions.all()}
    assert made == {Kind.LICENCE: ("as agreed", SEVERAL[:1]), Kind.EMPTY: ("", SEVERAL[2:])}
    assert desk.names("gates") == ["03.json"], "one question is left"
    left = desk.asks(tuple(one for one in SEVERAL if one.kind is Kind.SCOPE))
    assert (left.kind, left.opened) == (Kind.SCOPE, gate.opened), "it was asked since then"


def test_answers_to_other_questions_are_no_rivals(desk):
    desk.asks(SEVERAL)
    desk.touches("03.approve-licence")
    waiting = {
        word: bool(rivals(desk.state, "03", word)) for word in ("approve-scope", "fix", "approve-licence", "skip")
    }
    assert waiting == {"approve-scope": False, "fix": False, "approve-licence": True, "skip": True}


def test_the_last_answer_closes_the_gate(desk):
    desk.asks(SEVERAL[:2])
    for name in ("03.approve-licence", "03.approve-scope"):
        desk.touches(name)
        desk.settles()
    assert (desk.names("gates"), desk.waiting, desk.said) == ([], [], [])


def test_answers_before_a_skip_close_nothing_after(desk):
    for name in ("03.approve-licence", "03.skip", "03.unskip"):
        desk.asks(SEVERAL[:2])
        desk.touches(name)
        assert desk.settles() == [f"03 {name[3:].partition('-')[0]}"]
    desk.asks(SEVERAL[:2])
    desk.touches("03.approve-scope")
    desk.settles()
    assert desk.names("gates") == ["03.json"], "the licence is asked again"


def test_one_file_answers_all_that_offer_it(desk):
    desk.asks(SEVERAL[:2])
    desk.touches("03.approve")
    assert desk.settles() == ["03 approve"]
    (decision,) = desk.state.decisions.all()
    assert (decision.findings, len(decision.digests), desk.names("gates")) == (SEVERAL[:2], 2, [])


@pytest.mark.parametrize("others", [("03.approve",), ("03.skip",), ("03.fix-licence",)])
def test_two_answers_to_one_question_are_refused(desk, others):
    desk.asks(SEVERAL[:2])
    for name in ("03.approve-licence", *others):
        desk.touches(name)
    assert desk.settles() == []
    assert all("two answers at once" in why or "does not offer" in why for why in desk.said)


# ---- taken ----------------------------------------------------------------------------------------------------


def test_a_touched_file_is_the_answer(desk):
    gate = desk.asks()
    desk.touches("03.fix", b"mind the TTL\n")
    assert desk.settles() == ["03 fix"]
    (decision,) = desk.state.decisions.all()
    assert (decision.id, decision.kind, decision.digest, decision.attempt) == (1, Kind.TESTS, gate.digest, 1)
    assert (decision.why, decision.findings, decision.change) == ("mind the TTL", SHOWN, CHANGE)
    assert desk.names("decisions") == ["0001-03-fix.json"]
    assert (desk.waiting, desk.names("gates"), desk.said) == ([], [], [])
    assert [(entry["id"], entry["verb"]) for entry in desk.journaled()] == [(1, "fix")]


def test_the_decide_command_binds_an_answer_too(desk):
    gate = desk.asks(SIZE)
    desk.state.approvals.leave("03", "approve", why="it is generated", who="ada", digest=gate.digest)
    assert desk.settles() == ["03 approve"]
    (decision,) = desk.state.decisions.all()
    assert (decision.who, decision.why) == ("ada", "it is generated")


def test_who_decided_is_who_made_the_file(desk):
    desk.asks()
    os.chown(desk.touches("03.skip"), 1, 1)
    desk.settles()
    assert desk.state.decisions.all()[0].who == "daemon"


@pytest.mark.parametrize("name", ["03.skip", "03.abort", "phase-1.skip-phase", "plan-review.abort"])
def test_what_accepts_no_risk_is_taken_ahead(desk, name):
    desk.touches(name)
    gate, _, verb = name.rpartition(".")
    assert desk.settles() == [f"{gate} {verb}"]
    assert desk.state.decisions.all()[0].kind is None


@pytest.mark.parametrize("name", ["03.fix\n", " 03.fix", "03.fix\r", "03.fix \t\n"])
def test_white_space_around_a_name_is_nobodys_intent(desk, name):
    desk.asks()
    desk.touches(name)
    assert desk.settles() == ["03 fix"]
    assert desk.waiting == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\n", ""),
        (b"  TTL \r\n", "TTL"),
        (b'{"why": "TTL"}\n', "TTL"),
        (b'{"why": 7, "who": null, "digest": ""}', "7"),
        (b'{"why": "\\ud800"}', "?"),
        (b"[1, 2]", "[1, 2]"),
        (b"[" * 60_000, "[" * 60_000),
        (b"\xef\xbb\xbfTTL", "\ufeffTTL"),
    ],
)
def test_the_text_in_a_file_is_the_reason(desk, content, why):
    desk.asks()
    desk.touches("03.fix", content)
    assert desk.settles() == ["03 fix"]
    assert State(desk.folder).decisions.all()[0].why == why


def test_no_secret_in_a_reason_is_recorded(desk, monkeypatch):
    monkeypatch.setenv("FORGE_TOKEN", "canary-5f1d9e")
    desk.asks()
    desk.touches("03.fix", b"use canary-5f1d9e")
    desk.settles()
    kept = "".join(path.read_text() for path in desk.folder.rglob("*") if path.is_file())
    assert "canary" not in kept


def test_answers_are_taken_in_the_order_written(desk):
    desk.asks(name="03")
    desk.asks(name="04")
    for place, name in enumerate(("phase-1.abort", "04.fix", "03.skip")):
        os.utime(desk.touches(name), ns=(0, time.time_ns() - 10**6 * (9 - place)))
    for gate in ("03", "04"):
        os.utime(desk.folder / "gates" / f"{gate}.json", ns=(0, 10**9))
    assert desk.settles() == ["phase-1 abort", "04 fix", "03 skip"]
    assert [decision.id for decision in desk.state.decisions.all()] == [1, 2, 3]


# ---- set aside ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("03.FIX", "'FIX' is no verb"),
        ("03.Skip", "'Skip' is no verb"),
        ("03.fixx", "'fixx' is no verb"),
        ("03.fix~", "'fix~' is no verb"),
        ("03.approve", "does not offer approve; it offers fix | retry | skip | abort"),
        ("03.skip-phase", "does not offer skip-phase"),
        ("3.fix", "no gate called '3'"),
        ("99.fix", "no gate called '99'"),
        ("fix", "named after a gate and a verb"),
        ("03", "named after a gate and a verb"),
        ("03.", "named after a gate and a verb"),
        ("04.fix", "no gate 04 is open for fix"),
        ("04.skip-phase", "no gate 04 is open for skip-phase"),
        ("phase-1.skip", "no gate phase-1 is open for skip"),
        ("bootstrap.skip-phase", "no gate bootstrap is open"),
        ("phase-1.continue", "no gate phase-1 is open"),
        ("x\n03.fix", "no gate called"),
        (os.fsdecode(b"03.fi\xff"), "is no verb"),
        (os.fsdecode(b"\xff.fix"), "no gate called"),
    ],
)
def test_a_name_that_answers_nothing_is_set_aside(desk, name, why):
    desk.asks()
    desk.touches(name)
    set_aside(desk, f"{name}.1", why)
    assert desk.names("gates") == ["03.json"]


def test_an_overlong_file_name_is_set_aside(desk):
    desk.touches("ä" * 127)
    assert desk.settles() == []
    assert (desk.waiting, len(desk.names("approvals/stale"))) == ([], 1)


@pytest.mark.parametrize(
    "make",
    [
        os.mkdir,
        os.mkfifo,
        lambda path: os.symlink("elsewhere", path),
        lambda path: os.symlink(path, path),
        lambda path: path.write_bytes(b"x" * (64 * 1024 + 1)),
        lambda path: path.write_bytes(b"f\xfcr"),
    ],
    ids=["directory", "FIFO", "dangling symlink", "circle", "65 KiB", "Latin-1"],
)
def test_what_is_no_small_text_file_answers_nothing(desk, make):
    desk.asks()
    make(desk.folder / "approvals" / "03.fix")
    began = time.monotonic()
    set_aside(desk, "03.fix.1", "no text file of at most 64 KiB")
    assert time.monotonic() - began < 1


def test_half_a_character_in_a_reason_is_kept(desk):
    desk.asks()
    desk.state.approvals.leave("03", "fix", why="\udcc3 mind the TTL")  # what a terminal gives for half of an umlaut
    assert desk.settles() == ["03 fix"]
    assert desk.state.decisions.all()[0].why == "? mind the TTL"


def test_a_symlink_to_an_answer_is_set_aside(desk, tmp_path):
    desk.asks()
    desk.touches("../../03.fix")
    os.symlink(tmp_path / "03.fix", desk.folder / "approvals" / "03.fix")
    set_aside(desk, "03.fix.1", "no text file")
    assert (tmp_path / "03.fix").exists()


def test_older_than_the_question(desk):
    path = desk.touches("03.fix")
    os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**9))
    desk.asks()
    set_aside(desk, "03.fix.1", "older than the question")


def test_an_answer_from_the_future_counts_on_arrival(desk):
    desk.asks()
    path = desk.touches("03.fix")
    os.utime(path, ns=(0, time.time_ns() + 10**18))
    while time.time_ns() - path.stat().st_ctime_ns < 20_000_000:  # the file system's clock ticks coarsely
        time.sleep(0.005)
    desk.asks((*SHOWN, *SHOWN))  # meanwhile the question became another one
    set_aside(desk, "03.fix.1", "older than the question")


def test_for_other_findings(desk):
    first = desk.asks(SIZE)
    desk.asks((*SIZE, *SIZE))
    desk.state.approvals.leave("03", "approve", digest=first.digest)
    set_aside(desk, "03.approve.1", "other findings or another change")


def test_for_a_change_that_moved_meanwhile(desk):
    desk.asks(SIZE)
    desk.touches("03.approve")
    desk.change = "d" * 64
    set_aside(desk, "03.approve.1", "has moved since")


def test_two_at_once_are_both_set_aside(desk):
    desk.asks()
    desk.touches("03.fix")
    desk.touches("03.skip")
    assert desk.settles() == []
    assert desk.names("approvals/stale") == ["03.fix.1", "03.skip.1"]
    assert all("two answers at once" in line for line in desk.said)
    assert desk.names("gates") == ["03.json"]


def test_odd_files_beside_an_answer_change_nothing(desk):
    desk.asks()
    desk.touches("03.fix")
    desk.touches("03.skipp")
    (desk.folder / "approvals" / "03.abort").mkdir()
    assert desk.settles() == ["03 fix"]
    assert desk.names("approvals/stale") == ["03.abort.1", "03.skipp.1"]


def test_what_is_set_aside_overwrites_nothing(desk):
    for time_around in range(1, 4):
        desk.touches("99.fix", b"%d" % time_around)
        desk.settles()
    os.symlink("nowhere", desk.folder / "approvals/stale/99.fix.4")
    desk.touches("99.fix", b"5")
    desk.settles()
    stale = desk.folder / "approvals" / "stale"
    assert desk.names("approvals/stale") == [f"99.fix.{number}" for number in range(1, 6)]
    assert [(stale / f"99.fix.{number}").read_text() for number in (1, 2, 3, 5)] == ["1", "2", "3", "5"]
    assert os.readlink(stale / "99.fix.4") == "nowhere"


def test_a_file_called_stale_gives_way(desk):
    desk.touches("stale", b"keep me")
    desk.touches("99.fix")
    desk.settles()
    assert desk.names("approvals/stale") == ["99.fix.1"]
    assert (desk.folder / "approvals" / ".stale.1").read_text() == "keep me"


def test_approvals_being_a_file_is_told(desk):
    desk.folder.mkdir()
    (desk.folder / "approvals").write_text("")
    with pytest.raises(UsageError, match=r"is a file, but approvals are files in a folder"):
        desk.settles()


def test_half_written_files_are_ignored(desk):
    desk.touches(".03.fix.x7k2", b"half")
    assert desk.settles() == []
    assert desk.said == []


# ---- once -----------------------------------------------------------------------------------------------------


def test_a_consumed_answer_never_counts_again(desk, tmp_path):
    desk.asks()
    path = desk.touches("03.fix")
    shutil.copy2(path, tmp_path / "kept")
    os.link(path, tmp_path / "linked")
    assert desk.settles() == ["03 fix"]
    desk.asks()  # the second attempt asks again, and offers no fix any more
    milestone_gate = desk.state.gates.read("03")
    assert milestone_gate.attempt == 2
    for way in (shutil.copy2, os.link):
        way(tmp_path / ("kept" if way is shutil.copy2 else "linked"), path)
        assert desk.settles() == []
        desk.asks()
    assert desk.names("decisions") == ["0001-03-fix.json"]
    assert desk.waiting == []


def test_a_question_asked_again_needs_another_approval(desk, tmp_path):
    gate = desk.asks(SIZE)
    path = desk.touches("03.abort")
    approve = desk.folder / "approve-as-of-then"
    approve.write_bytes(b"")
    desk.settles()
    while time.time_ns() - path.parent.stat().st_mtime_ns < 20_000_000:
        time.sleep(0.005)
    assert desk.asks(SIZE).digest == gate.digest
    shutil.copy2(approve, path.with_name("03.approve"))
    assert desk.settles() == []
    assert "older than the question" in desk.said[-1]


def test_renamed_to_another_gate_it_answers_nothing(desk):
    desk.asks(SIZE)
    desk.asks((*SIZE, *SIZE), name="04")
    left = desk.state.approvals.leave("03", "approve", digest=desk.state.gates.read("03").digest)
    left.rename(left.with_name("04.approve"))
    set_aside(desk, "04.approve.1", "other findings or another change")


def test_decisions_outlive_a_missing_journal(desk):
    desk.asks()
    desk.touches("03.fix")
    desk.settles()
    for name in ("journal.jsonl", "journal.head"):
        (desk.folder / name).unlink()
    assert desk.settles() == []
    desk.asks()
    desk.touches("03.skip")
    assert desk.settles() == ["03 skip"]
    assert [entry["id"] for entry in desk.journaled()] == [1, 2]


# ---- killed ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from run_milestone.model import Issue, Milestone, Phase
from run_milestone.runner.decide import take_approvals
from run_milestone.store import State
folder, call, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
calls = 0
def deadly(name):
    real = getattr(os, name)
    def wrapped(*words, **how):
        global calls
        calls += 1
        mine = calls == call
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*words, **how)
        finally:
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
    setattr(os, name, wrapped)
for name in ("open", "replace", "unlink", "rename", "fsync", "fdatasync"):
    deadly(name)
milestone = Milestone("m4.1", "U", "b", (Phase(1, "P", (Issue("03", "T", "s", 1), Issue("04", "T", "s", 1))),))
take_approvals(milestone, State(folder), {})
"""


def killed(desk, call, when):
    """Begin a run that is killed at its n-th call to the file system; returns whether it was."""
    command = [sys.executable, "-c", KILLED, str(desk.folder), str(call), when]
    return subprocess.run(command, check=False, capture_output=True).returncode == -9


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_leaves_one_decision(tmp_path, when):
    call = tried = 0
    while True:
        call += 1
        desk = Desk(tmp_path / str(call))
        desk.asks()
        desk.touches("03.fix")
        desk.touches("99.fix", b"keep me")
        if not killed(desk, call, when):
            break
        tried += 1
        desk.settles()
        assert desk.names("decisions") == ["0001-03-fix.json"], call
        assert [entry["id"] for entry in desk.journaled()] == [1], call
        assert (desk.waiting, desk.names("gates")) == ([], []), call
        assert desk.names("approvals/stale") == ["99.fix.1"], call
        assert desk.state.journal.broken() is None, call
        assert desk.settles() == [], call
    print(f"figure: killed {when} each call: one decision in {tried} / {tried}")
    assert tried > 8


def test_touching_again_after_a_crash_decides_once(tmp_path):
    for call in range(1, 30):
        desk = Desk(tmp_path / str(call))
        desk.asks()
        desk.touches("03.fix")
        if not killed(desk, call, "after"):
            break
        desk.touches("03.fix", b"again")
        desk.settles()
        assert len(desk.names("decisions")) == 1, call
        assert desk.state.decisions.all()[0].verb is Verb.FIX
    assert call > 8


# ---- several people -------------------------------------------------------------------------------------------

BOTH = Rights({"03": (Need(("ada", "grace"), 2),)})


def comment(desk, who, number):
    key = gating.question_key(desk.state.gates.read("03"))
    where = AnswerComment(297, number, key)
    return Approval("", "03", "approve", time.time_ns(), f"comment:297:{number}", "", who, comment=where)


def agreed(desk):
    return [one.who for one in add_up(MILESTONE, desk.state, {"03": CHANGE}, BOTH)]


def test_answers_of_two_survive_a_crash(desk):
    desk.asks(SIZE)
    for number, who in enumerate(("ada", "ADA", "mallory", "grace"), start=1):
        assert agreed(desk) == []
        given = [comment(desk, who, number)]
        for _ in range(2):  # what was killed behind the record comes back
            take_approvals(MILESTONE, desk.state, {"03": CHANGE}, given, rights=BOTH)
            desk.state = State(desk.folder)
    assert [one.who for one in desk.state.decisions.answers()] == ["ada", "grace"]
    assert agreed(desk) == ["ada, grace"]
    desk.state = State(desk.folder)
    assert (agreed(desk), desk.names("gates")) == ([], [])
    assert [one.who for one in desk.state.decisions.all()] == ["ada, grace"]
    assert [entry["who"] for entry in desk.journaled()] == ["ada", "grace", "ada, grace"]
