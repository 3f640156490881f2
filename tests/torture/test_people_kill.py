"""Killed or refused anywhere while it hears several people and answers threads: nothing counts or is said twice."""

import io
import json
import shutil
from functools import partial
from types import SimpleNamespace

import pytest
from test_comment_kill import killed, names

from run_milestone.adapters.forge.local import LocalForge
from run_milestone.core.errors import OutsideError
from run_milestone.model import (
    ApproverSpec,
    Decision,
    Finding,
    Implemented,
    Issue,
    Kind,
    Milestone,
    Need,
    Phase,
    Proposed,
    Severity,
    Step,
    Verb,
)
from run_milestone.policy import gating
from run_milestone.policy.opinions import findings_of
from run_milestone.render.console import Console
from run_milestone.runner.agreement import add_up
from run_milestone.runner.approvers import Rights
from run_milestone.runner.decide import take_approvals
from run_milestone.runner.gate_comments import GateComments
from run_milestone.steps import people
from run_milestone.store import State

MILESTONE = Milestone(
    "m1",
    "First",
    "milestone/m1",
    (Phase(1, "One", (Issue("03", "Cache", "cache", 1, github=7),)),),
    teams={"@acme/dba": ("grace", "linus")},
    approvers={"size": ApproverSpec(("@acme/dba",), 2)},
)
NEEDS = Rights({"03": (Need(("@acme/dba",), 2),)})
LARGE = (Finding(Kind.SIZE, Severity.WARNING, "size", "900 lines"),)
COMMENTS = [("mallory", "/approve"), ("grace", "/approve"), ("Grace", "/approve Again"), ("linus", "/approve")]
REVIEWERS = ("grace", "linus", "ada")
COMMIT = "c" * 40


def forge_in(folder):
    return LocalForge(folder / "forge", None, "main")


def save(path, record):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def pull_in(folder):
    return json.loads((folder / "forge/pulls/5.json").read_text())


def prepare(folder):
    """An open gate that needs two people, who answered; and three reviewers who ask for changes in two threads each."""
    state = State(folder / "state")
    (folder / "state/decisions").mkdir(parents=True)
    state.gates.open(gating.ask("03", LARGE, "a" * 64, (), MILESTONE))
    save(folder / "forge/issues/7.json", {"number": 7, "title": "Cache", "body": "", "state": "open", "comments": []})
    comments_of(folder, state).post(state.gates.all())
    issue = json.loads((folder / "forge/issues/7.json").read_text())
    issue["comments"] += [{"author": who, "body": body, "writer": True} for who, body in COMMENTS]
    save(folder / "forge/issues/7.json", issue)
    threads = [{"path": "a.py", "line": line, "body": f"Why {line}?", "resolved": line == 3} for line in (1, 2, 3)]
    reviews = [{"author": who, "state": "changes_requested", "body": "No", "threads": threads} for who in REVIEWERS]
    texts = {name: name for name in ("head", "base", "title", "body")}
    save(folder / "forge/pulls/5.json", {"number": 5, "state": "open", **texts, "reviews": reviews})


def comments_of(folder, state, forge=None):
    return GateComments(MILESTONE, state, forge or forge_in(folder), Console(io.StringIO()))


def hear(folder, forge=None):
    """The next run begins: two of four comments are enough together."""
    state = State(folder / "state")
    comments = comments_of(folder, state, forge)
    changes = {"03": "a" * 64}
    comments.reply(take_approvals(MILESTONE, state, changes, comments.collect(), rights=NEEDS)[1])
    add_up(MILESTONE, state, changes, NEEDS)
    comments.close()


def answer(folder, forge=None):
    """The step `people` runs after a `fix`."""
    forge = forge or forge_in(folder)
    reviews = forge.reviews(5)[5]
    fix = Decision(1, "03", Verb.FIX, "ada", "", "", Kind.PEOPLE_REVIEW, findings=findings_of(reviews), change="b" * 64)
    evidence = {Step.PR: Proposed(5, "", "open"), Step.IMPLEMENT: Implemented(COMMIT, 2, 1, 1)}
    plan = {"milestone": MILESTONE, "issue": MILESTONE.issues[0]}
    ctx = SimpleNamespace(**plan, decisions=[fix], forge=forge, evidence=lambda step, _: evidence[step])
    people._answer(ctx, reviews, "a" * 64)


def end_state(folder):
    """What everybody sees in the end."""
    pull, decisions = pull_in(folder), names(folder / "state/decisions")
    issue = json.loads((folder / "forge/issues/7.json").read_text())
    comments = [(one["author"], one["body"].split(" by ")[0].split("\n")[0]) for one in issue["comments"]]
    threads = (thread for review in pull["reviews"] for thread in review["threads"])
    replies = [[reply["body"] for reply in thread.get("replies", [])] for thread in threads]
    return comments, decisions, names(folder / "state/gates"), replies, pull.get("awaited")


class Refusing(LocalForge):
    """A forge that refuses one of its calls, before or after its effect."""

    def __init__(self, folder, left, *, late):
        super().__init__(folder / "forge", None, "main")
        self.left, self.late, self.refused = left, late, 0

    def _call(self, name, *given, **more):
        self.left -= 1
        is_due = self.left == 0
        if is_due and not self.late:
            self._refuse()
        done = getattr(LocalForge, name)(self, *given, **more)
        if is_due:
            self._refuse()
        return done

    def _refuse(self):
        self.refused += 1
        raise OutsideError("The forge is away.", "Wait.")

    def reviews(self, *given):
        return self._call("reviews", *given)

    def answer_thread(self, *given):
        return self._call("answer_thread", *given)

    def ask_again(self, *given):
        return self._call("ask_again", *given)

    def comments(self, *given):
        return self._call("comments", *given)

    def comment(self, *given, **more):
        return self._call("comment", *given, **more)


def disturbed(work, folder, place, *, late):
    """Do work with a forge that refuses its call at `place`; returns whether it came so far."""
    forge = Refusing(folder, place, late=late)
    try:
        work(folder, forge)
    except OutsideError:
        assert forge.refused
    return bool(forge.refused)


@pytest.fixture
def start(tmp_path):
    """Where every sweep begins, and what everybody sees after `hear` or `answer` without a disturbance."""
    prepare(tmp_path / "start")
    expected = {}
    for work in (hear, answer):
        shutil.copytree(tmp_path / "start", tmp_path / work.__name__)
        work(tmp_path / work.__name__)
        expected[work] = end_state(tmp_path / work.__name__)
    assert [name[:7] for name in expected[hear][1]] == ["0001-03", "0002-03", "0003-03"], "two answers, then the joint"
    assert [len(replies) for replies in expected[answer][3]] == [1, 1, 0] * len(REVIEWERS)
    assert list(expected[answer][4]) == list(REVIEWERS)
    return tmp_path, expected


def without_replies(state):
    """An end state without the replies to refused comments. A forge that is away may take one of them along."""
    comments = state[0]
    assert len({text for _, text in comments if "reply to" in text}) == sum("reply to" in text for _, text in comments)
    return [one for one in comments if "reply to" not in one[1]], *state[1:]


def sweep(start, cases, disturb, seen=lambda state: state):
    """Disturb each work at each place in turn, do it again, and compare; returns how often it was disturbed."""
    folder, expected = start
    tried = 0
    for work in (hear, answer):
        for case in cases:
            copy = shutil.copytree(folder / "start", folder / f"try-{work.__name__}")
            came_so_far = disturb(work, copy, case)
            work(copy)
            assert seen(end_state(copy)) == seen(expected[work]), f"{work.__name__} disturbed at {case}"
            shutil.rmtree(copy)
            if not came_so_far:
                break
            tried += 1
    return tried


def test_several_answers_survive_some_kills(start):
    tried = sweep(start, range(5, 100_000, 811), killed)
    print(f"figure: answers of several people and threads, converged after kills: {tried} / {tried}")
    assert tried > 10


def test_several_answers_survive_every_refusal(start):
    tried = sum(sweep(start, range(1, 1000), partial(disturbed, late=late), without_replies) for late in (False, True))
    print(f"figure: answers of several people and threads, converged after refusals: {tried} / {tried}")
    assert tried > 20


@pytest.mark.torture
def test_several_answers_survive_many_kills(start):
    tried = sweep(start, range(1, 100_000, 23), killed)
    print(f"figure: answers of several people and threads, converged after many kills: {tried} / {tried}")
