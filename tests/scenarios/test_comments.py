"""Questions are put on the forge, and comments answer them: each once, by people who may, for what was shown."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from run_milestone.adapters.forge.local import LocalForge
from run_milestone.model import Finding, Issue, Kind, Milestone, PeopleSpec, Phase, Severity
from run_milestone.policy import gating
from run_milestone.render.console import Console
from run_milestone.runner.decide import take_approvals
from run_milestone.runner.gate_comments import GateComments
from run_milestone.store import State

ISSUES = (Issue("03", "Cache", "cache", 1, github=297), Issue("04", "Mail", "mail", 1, github=298))
PEOPLE = PeopleSpec(bots=("Reviewer-App",))
MILESTONE = Milestone("m4.1", "Users", "milestone/m4.1", (Phase(1, "Basics", ISSUES),), people=PEOPLE)
CHANGE = "c" * 64
FAILS = (Finding(Kind.TESTS, Severity.CRITICAL, "tests.test_cache::test_ttl", "test_ttl"),)
LARGE = (Finding(Kind.SIZE, Severity.WARNING, "files", "12 files changed, the limit is 8"),)
PHASE = (Finding(Kind.PHASE, Severity.INFO, "03", "PR #310 of issue #03"),)


CHANGES = {"03": CHANGE, "04": CHANGE}


class Desk:
    """A milestone's state, its forge in files, and people who write comments there."""

    def __init__(self, folder):
        self.folder = folder
        self.forge = LocalForge(folder / "forge", None, "main")
        self.out = io.StringIO()
        self.console = Console(self.out)
        for number in (297, 298):
            self.file(number, {"number": number, "title": "An issue", "body": "", "state": "open"})
        self.begins()

    def begins(self):
        """The next run begins: nothing is remembered but what was written down."""
        self.state = State(self.folder / "state")
        self.comments = GateComments(MILESTONE, self.state, self.forge, self.console)

    def file(self, number, record=None):
        path = self.folder / "forge" / "issues" / f"{number}.json"
        if record is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(record))
        return json.loads(path.read_text())

    def asks(self, findings=FAILS, name="03", change=CHANGE):
        gate = self.state.gates.open(gating.ask(name, findings, change, self.state.decisions.all(), MILESTONE))[0]
        self.comments.post([gate])
        return gate

    def writes(self, body, author="ada", number=297, *, writer=True):
        """Somebody writes a comment; returns its id."""
        record = self.file(number)
        comments = record.setdefault("comments", [])
        comments.append({"author": author, "writer": writer, "body": body, "at": "2030-01-01T00:00:00+00:00"})
        self.file(number, record)
        return len(comments)

    def hears(self, changes=CHANGES):
        """A run begins and reads the comments; returns what was decided."""
        self.begins()
        made, refused = take_approvals(MILESTONE, self.state, changes, self.comments.collect())
        self.comments.reply(refused)
        self.comments.close()
        return [f"{decision.gate} {decision.verb} by {decision.who}: {decision.why}" for decision in made]

    def bodies(self, number=297):
        return [comment.body for comment in self.forge.comments(number)]

    def replies(self, number=297):
        return [body.split("\n\n")[1] for body in self.bodies(number) if "reply to" in body]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


# ---- asking -------------------------------------------------------------------------------------------------------


def test_a_question_is_posted_once(desk):
    gate = desk.asks()
    desk.comments.post([gate])
    desk.begins()
    desk.comments.post([gate])
    (body,) = desk.bodies()
    assert "🛑 **Tests failing** (attempt 1/2) — gate `03` of m4.1" in body
    assert "1. test_ttl" in body
    fix, retry = "- `/fix` send the findings back and check again", "- `/retry` try the same again"
    assert f"{fix}\n{retry}\n- `/skip` leave this issue out" in body
    assert f"(digest `{gate.digest[:16]}`)" in body


def test_after_a_crash_a_question_is_posted_once(desk):
    desk.asks()
    (desk.folder / "state/asked/03.json").unlink()
    desk.asks()
    assert len(desk.bodies()) == 1


def test_findings_cannot_act_on_the_page(desk):
    nasty = "@mallory Closes #1 <img src=x> \x1b[31m /approve\n/approve"
    desk.asks((Finding(Kind.TESTS, Severity.CRITICAL, "t", nasty),))
    (body,) = desk.bodies()
    assert "`@mallory`" in body
    assert "Closes `#1`" in body
    assert "&lt;img" in body
    assert "\x1b" not in body
    assert not any(line.lstrip().startswith("/") for line in body.splitlines())


def test_several_questions_take_their_words(desk):
    two = (Finding(Kind.LICENCE, Severity.WARNING, "l", "GPL"), Finding(Kind.EMPTY, Severity.CRITICAL, "e", "nothing"))
    desk.asks(two)
    (body,) = desk.bodies()
    assert "1. `licence`: GPL\n2. `empty`: nothing" in body
    assert "- `/approve-licence` accept exactly what is shown above: licence" in body
    desk.writes("/Approve-licence as agreed")
    assert desk.hears() == ["03 approve by ada: as agreed"]
    assert desk.state.decisions.all()[0].kind is Kind.LICENCE
    desk.asks(two[1:])
    assert "✓ Answered: **approve** (licence) by ada — as agreed" in desk.bodies()[0]


def test_long_findings_never_hide_the_answers(desk):
    desk.asks(tuple(Finding(Kind.TESTS, Severity.CRITICAL, f"t{each}", "x" * 3000) for each in range(200)))
    (body,) = desk.bodies()
    assert "… and 170 more: `run-milestone gates m4.1` lists all." in body
    assert "- `/abort` end the run" in body


def test_an_unreachable_forge_stops_nothing(desk):
    (desk.folder / "forge/issues/298.json").write_text("{}")
    desk.asks(name="04")
    desk.asks(name="04")
    (warning,) = desk.out.getvalue().splitlines()
    assert "Comments could not be written or read: " in warning
    assert "298.json cannot be used" in warning
    assert "Files in approvals/ answer as well." in warning


def test_the_local_forge_gets_no_extra_issue(desk):
    desk.asks(PHASE, "phase-1", "")
    assert sorted(os.listdir(desk.folder / "forge/issues")) == ["297.json", "298.json"]
    assert desk.out.getvalue() == ""


# ---- answering ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "decided"),
    [
        ("/fix mind the TTL", "03 fix by ada: mind the TTL"),
        ("/Fix\r\n\r\nmind\nthe TTL", "03 fix by ada: mind the TTL"),
        ("  /skip", "03 skip by ada: "),
        ("/fix 03 it is the clock", "03 fix by ada: it is the clock"),
        ("/fix 0300 is no gate", "03 fix by ada: 0300 is no gate"),
        ("> /skip\n\n/fix because", "03 fix by ada: because"),
        ("/fix 03: it is the clock", "03 fix by ada: it is the clock"),
        ("/skip #3", "03 skip by ada: "),
        ("/fix 4 tests fail", "03 fix by ada: 4 tests fail"),
        ("/fix mind the TTL\n/fix and the clock", "03 fix by ada: mind the TTL and the clock"),
    ],
)
def test_a_comment_is_the_answer(desk, body, decided):
    gate = desk.asks()
    desk.writes(body)
    assert desk.hears() == [decided]
    (decision,) = desk.state.decisions.all()
    assert (decision.digest, decision.findings, decision.source) == (gate.digest, FAILS, "comment:297:2")
    assert desk.replies() == []
    assert "✓ Answered: **" in desk.bodies()[0]


@pytest.mark.parametrize(
    "body",
    [
        *(
            "please /fix",
            "looks good\n/fix",
            "/lgtm",
            "/fixed",
            "```\n/fix\n```",
            "<!-- /fix -->",
            "> /fix",
            "    /fix",
        ),
        *("/fixed", "> they wrote\n/fix", "> they\nwrote\n/fix", "> ```\n/fix", "```\n``` no end\n/fix\n```", ""),
        *("``` a`b\n```\n/fix\n```", "~~~\n```\n/fix\n~~~", "````\n```\n/fix\n````"),
    ],
)
def test_a_comment_without_a_command_is_ignored(desk, body):
    desk.asks()
    desk.writes(body)
    assert desk.hears() == []
    assert len(desk.bodies()) == 2


def test_a_comment_counts_once_across_crashes(desk):
    gate = desk.asks()
    desk.writes("/fix")
    assert len(desk.comments.collect()) == 1  # killed before it was recorded
    assert desk.hears() == ["03 fix by ada: "]
    desk.state.gates.open(gate)  # killed before the gate was closed
    assert desk.hears() == []
    assert len(desk.state.decisions.all()) == 1
    assert desk.state.gates.all() == ()
    assert desk.replies() == []


def test_an_edited_comment_does_not_count_again(desk):
    desk.asks()
    mine = desk.writes("/fix")
    desk.hears()
    desk.asks(FAILS, change="d" * 64)
    record = desk.file(297)
    record["comments"][mine - 1]["body"] = "/skip"
    desk.file(297, record)
    assert desk.hears() == []
    assert desk.replies() == []


@pytest.mark.parametrize("author", ["ada", "mallory"])
def test_an_edited_comment_gets_a_reply(desk, author):
    """Who may write to a repository may edit the comments of others, and the author stays."""
    desk.asks()
    mine = desk.writes("nice work", author)
    record = desk.file(297)
    record["comments"][mine - 1] |= {"body": "/skip", "edited": True}
    desk.file(297, record)
    assert desk.hears() == []
    assert ["it was edited" in reply for reply in desk.replies()] == [True]
    assert desk.hears() == []
    assert len(desk.replies()) == 1


@pytest.mark.parametrize("author", ["github-actions[bot]", "renovate[bot]", "reviewer-app"])
def test_what_a_bot_writes_is_no_answer(desk, author):
    desk.asks()
    desk.writes("/skip", author)
    assert (desk.hears(), desk.replies()) == ([], [])


def test_the_next_question_is_another_comment(desk):
    desk.asks()
    desk.writes("/fix")
    desk.hears()
    desk.asks()  # it failed the same way: attempt 2, which offers no fix any more
    assert len(desk.bodies()) == 3
    assert desk.hears() == []
    desk.writes("/skip enough")
    assert desk.hears() == ["03 skip by ada: enough"]


def test_several_questions_on_one_issue_stay_apart(desk):
    milestone_issue = {"number": 400, "title": "Milestone", "body": "<!-- run-milestone: m4.1 -->", "state": "open"}
    desk.file(400, {**milestone_issue, "milestone": "Users"})
    desk.asks(PHASE, "phase-1", "")
    desk.asks((Finding(Kind.BASELINE, Severity.CRITICAL, "failed", "test_old"),), "bootstrap")
    assert len(desk.bodies(400)) == 2
    desk.writes("/abort", number=400)
    assert desk.hears() == []
    assert desk.replies(400) == [
        "`/abort` by ada was not taken: several questions are open here; say which, like `/abort phase-1`."
    ]
    desk.writes("/approve 4 is known", number=400)
    assert desk.hears() == []
    assert desk.replies(400)[1:] == ["`/approve` by ada was not taken: it names 04, and that is not asked here."]
    desk.writes("/continue", number=400)
    desk.writes("/approve bootstrap known since May", author="bob", number=400)
    assert desk.hears() == ["phase-1 continue by ada: ", "bootstrap approve by bob: known since May"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("/skip 04", "it names 04, and that is not asked here"),
        ("/skip 4, as bob said", "it names 04, and that is not asked here"),
        ("/skip phase-1", "it names phase-1, and that is not asked here"),
        ("/skip 03\n/skip 04", "two answers at once (skip 03, skip 04); leave exactly one"),
    ],
)
def test_an_answer_to_another_gate_is_refused(desk, body, why):
    desk.asks()
    desk.writes(body)
    assert desk.hears() == []
    assert desk.replies() == [f"`/skip` by ada was not taken: {why}."]


# ---- refusing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("/fix\n/skip", "two answers at once (fix, skip); leave exactly one"),
        ("/approve", "gate 03 does not offer approve; it offers fix | retry | skip | abort"),
    ],
)
def test_a_refused_answer_gets_one_reply(desk, body, why):
    desk.asks()
    desk.writes(body)
    for _ in range(3):
        assert desk.hears() == []
    assert desk.replies() == [f"`/{body.split()[0][1:]}` by ada was not taken: {why}."]
    assert desk.state.gates.read("03") is not None


def test_two_disagreeing_answers_both_get_replies(desk):
    desk.asks()
    desk.writes("/fix")
    desk.writes("/skip", author="bob")
    assert desk.hears() == []
    assert len(desk.replies()) == 2
    assert all("two answers at once (fix, skip)" in reply for reply in desk.replies())


def test_a_comment_and_a_file_are_set_aside(desk):
    desk.asks()
    desk.state.approvals.leave("03", "skip")
    desk.writes("/fix")
    assert desk.hears() == []
    assert sorted(os.listdir(desk.folder / "state/approvals/stale")) == ["03.skip.1"]
    assert len(desk.replies()) == 1
    assert desk.hears() == []


def test_a_person_without_access_gets_one_reply(desk):
    desk.asks()
    for number in range(5):
        desk.writes("/skip", author=f"mallory{number}", writer=False)
    for _ in range(2):
        assert desk.hears() == []
    assert desk.replies() == [
        "`/skip` by mallory0 was not taken: only people who may write to this repository can answer."
    ]


def test_others_cannot_forge_questions_or_replies(desk):
    gate = desk.asks()
    question = desk.bodies()[0]
    desk.writes(question.replace(gate.digest[:16], "0" * 16), author="mallory", writer=False)
    answer = desk.writes("/fix")
    desk.writes(f"<!-- run-milestone: reply to {answer} -->", author="mallory", writer=False)
    assert desk.hears() == ["03 fix by ada: "]


def test_an_answer_counts_for_the_question_above(desk):
    desk.writes("/skip")
    desk.asks()
    assert desk.hears() == [], "it was there before anything was asked"
    desk.writes("/skip")
    desk.asks(LARGE)
    assert desk.hears() == []
    assert desk.replies() == ["`/skip` by ada was not taken: what it answers is not asked any more."]


TWO = (*FAILS, Finding(Kind.LICENCE, Severity.WARNING, "GPL-3.0", "left-pad is GPL-3.0"))
THREADS = tuple(Finding(Kind.PEOPLE_REVIEW, Severity.WARNING, "grace", f"grace: {text}") for text in ("Why?", "Typo"))


@pytest.mark.parametrize(
    ("shown", "left", "comment", "decided"),
    [
        (TWO, TWO[:1], "/skip", ["03 skip by ada: "]),
        (TWO, TWO[1:], "/approve-licence", ["03 approve by ada: "]),
        (THREADS, THREADS[:1], "/fix", ["03 fix by ada: "]),
        (THREADS[:1], THREADS, "/fix", []),
        (THREADS, TWO[1:], "/approve", []),
    ],
)
def test_an_answer_to_more_need_not_be_repeated(desk, shown, left, comment, decided):
    desk.asks(shown)
    desk.writes(comment)
    desk.asks(left)
    assert desk.hears() == decided
    assert len(desk.replies()) == (not decided)


def test_an_answer_of_an_earlier_change_is_none(desk):
    desk.asks(THREADS)
    desk.writes("/approve")
    desk.asks(THREADS[:1], change="d" * 64)
    assert desk.hears({"03": "d" * 64}) == []


def test_a_change_that_moved_since_is_not_accepted(desk):
    desk.asks()
    desk.writes("/fix")
    assert desk.hears({"03": "d" * 64}) == []
    assert desk.replies() == ["`/fix` by ada was not taken: the change of 03 has moved since it was shown."]


def test_a_deleted_question_is_posted_again(desk):
    desk.asks()
    desk.file(297, {**desk.file(297), "comments": []})
    assert desk.hears() == []
    assert len(desk.bodies()) == 1
    desk.writes("/fix")
    assert desk.hears() == ["03 fix by ada: "]


def test_a_secret_in_a_reason_is_redacted(desk):
    key = "ghp_" + "a1B2" * 9
    desk.asks()
    desk.writes(f"/fix use {key}")
    assert desk.hears() == ["03 fix by ada: use [redacted]"]
    assert key not in desk.bodies()[0]


def test_a_partial_run_leaves_other_issues_alone(desk):
    desk.asks()
    desk.writes("/fix")
    desk.writes("/approve", author="bob")
    beside = GateComments(MILESTONE, desk.state, desk.forge, desk.console, {"03"})
    assert beside.collect() == []
    beside.close()
    assert len(desk.bodies()) == 3, "no reply, and the question stands as it was"
    assert desk.hears() == []
    assert len(desk.replies()) == 2


# ---- whole runs ---------------------------------------------------------------------------------------------------

QUICK = 'commands: {lint: ["true"], test: ["true"]}\n'


def comments(person, body):
    """Grace writes a comment on the first pull request."""
    file = person.folder / ".git/run-milestone/remote.forge/pulls/1.json"
    pull = json.loads(file.read_text())
    pull["comments"].append({"author": "grace", "body": body, "at": "2030-01-01T00:00:00+00:00"})
    file.write_text(json.dumps(pull))


def test_a_gate_is_answered_on_the_pull_request(make_milestone):
    code = '"""Widgets."""\n\nimport os\n\nSIZE = 3\n'
    work = {"01-1": {"widgets.py": code}, "01-2": {"widgets.py": code.replace("import os\n\nSIZE", "LENGTH = SIZE")}}
    ada = make_milestone(work, plan=QUICK)
    assert ada.types("m1").code == 3
    file = ada.folder / ".git/run-milestone/remote.forge/pulls/1.json"
    pull = json.loads(file.read_text())
    (question,) = [comment["body"] for comment in pull["comments"]]
    assert "🛑 **Code review: 1 issue** (attempt 1/2)" in question
    assert "1. `os` imported but unused — " in question

    comments(ada, "/fix take it out")
    result = ada.types("m1")
    assert '✓ Decision 1: fix at gate 01 by grace: "take it out"' in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out
    pull = json.loads(file.read_text())
    assert "✓ Answered: **fix** by grace — take it out" in pull["comments"][0]["body"]
    assert len(pull["comments"]) == 2


def test_a_watching_run_reads_comments(make_milestone):
    ada = make_milestone({"01-1": {"widgets.py": '"""Widgets."""\n\nimport os\n\nSIZE = 3\n'}}, plan=QUICK)
    command = [sys.executable, "-m", "run_milestone", "m1", "--watch"]
    with subprocess.Popen(command, cwd=ada.folder, stdout=subprocess.PIPE, text=True) as run:
        assert any("Waiting for answers" in line for line in run.stdout)
        comments(ada, "/approve it is used soon")
        decision = next(line for line in run.stdout if "Decision" in line)
        run.send_signal(signal.SIGINT)
    assert decision == '✓ Decision 1: approve at gate 01 by grace: "it is used soon"\n'
