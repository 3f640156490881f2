"""Whole runs on GitHub: by the real gh, against a GitHub on this machine, with real pushes over a stand-in for ssh."""

import random

import pytest
from support import loopback
from support.on_github import killed_when_asked, push_to

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))

PLAN = """\
forge: github
repository: {remote: 'git@github.com:acme/widgets.git'}
commands:
  lint: ["true"]
  test: ["true"]
limits: {coverage: 0, attempts: 3}
"""
WORK = {"01-1": {"a.js": "const a = 1\n"}, "02-1": {"b.js": "const b = 2\n"}, "03-1": {"c.js": "const c = 3\n"}}
DONE = ("01", "02", "03")


@pytest.fixture
def ada(make_milestone, github):
    """Somebody whose repository's remote is on GitHub."""
    ada = make_milestone(WORK, plan=PLAN)
    push_to(github, ada)
    return ada


def opened(github):
    """The pull requests that GitHub has, by branch: more than one of a branch would be seen."""
    return sorted((pull.head, pull.base, pull.state) for pull in github.hosted.pulls())


ALL = [(f"feat/m1-{number}-issue-{number}", "milestone/m1", "OPEN") for number in DONE]


def test_a_milestone_reaches_github_without_leaking_the_token(ada, github):
    result = ada.types("doctor")
    assert "acme/widgets by gh 2." in result.out
    assert "logged in as ada, scopes repo, read:org, workflow" in result.out
    github.fails("mutation PullRequestCreate", "502")
    result = ada.types("m1", "--verbose")
    assert result.code == 3, result.out + result.err
    assert "⏳ GitHub gave no proper answer: pull request create failed: HTTP 502" in result.out
    assert opened(github) == ALL
    assert all("<!-- run-milestone: m1/" in pull.body for pull in github.hosted.pulls())
    ada.touches("phase-1.continue", milestone="m1")
    done = ada.types("m1")
    assert done.code == 0, done.out + done.err
    verified = ada.types("verify", "m1")
    assert verified.code == 0, verified.out
    written = [path for path in ada.folder.parent.rglob("*") if path.is_file() and "operator" not in path.parts]
    assert any(path.name == "config.yml" for path in written)
    assert all(github.hosted.token.encode() not in path.read_bytes() for path in written)
    assert all(github.hosted.token not in text for run in (result, done, verified) for text in (run.out, run.err))


def test_a_refusal_by_github_is_quoted(ada, github):
    github.hosted.forbidden = {"pulls"}
    result = ada.types("m1", "--only", "01")
    assert result.code == 3
    assert "🛑 Push or pull request failed" in result.out
    assert "`gh pr create` failed: pull request create failed: GraphQL: Resource not accessible" in result.out
    assert "retry | skip | abort" in result.out
    github.hosted.forbidden = set()
    ada.touches("01.retry", milestone="m1")
    ada.types("m1", "--only", "01")
    assert opened(github) == ALL[:1]

    (made,) = github.hosted.pulls()
    made.state = "CLOSED"
    result = ada.types("m1", "--only", "01")
    assert f"PR #{made.number} was closed; `retry` opens it again" in result.out
    ada.touches("01.retry", milestone="m1")
    ada.types("m1", "--only", "01")
    assert opened(github) == ALL[:1]


APPROVERS = """\
approvers: {phase: {any: [ada, grace, linus, countess], count: 2, not: [author]}}
"""


def test_answers_of_several_people_add_up(make_milestone, github):
    ada = make_milestone({"01-1": WORK["01-1"]}, plan=PLAN + APPROVERS)
    push_to(github, ada)
    ada.git("config", "user.name", "A. Lovelace", where=".")
    ada.git("config", "user.email", "lovelace@example.com", where=".")
    github.hosted.people |= {"grace": "WRITE", "linus": "WRITE", "countess": "WRITE"}
    github.hosted.accounts["lovelace@example.com"] = "countess"
    assert ada.types("m1").code == 3
    question = next(number for number, one in github.hosted.things.items() if "phase-1" in str(one.comments))
    for author, expected, access in (
        ("ada", "ada made this change, and the plan lets nobody approve their own", "WRITE"),
        ("countess", "countess made this change, and the plan lets nobody approve their own", "WRITE"),
        ("grace", "continue at gate phase-1 by grace: 1 of 2, waits for ada, linus, countess", "WRITE"),
        ("linus", "continue by linus: 1 of 2, waits for ada, grace, countess", "READ"),
    ):
        github.hosted.people["grace"] = access
        github.hosted.say(question, author, "/continue")
        shown = ada.types("m1").out + github.hosted.things[question].comments[-1]["body"]
        assert expected in shown + ada.types("gates", "m1").out
    github.hosted.people["grace"] = "WRITE"
    github.hosted.say(question, "grace", "/continue Access is back")
    assert ada.types("m1").code == 0


REVIEWED = """\
people: {required: 1, from: ["@acme/dba"]}
approvers: {phase: {any: ["@acme/dba", "@acme/nobody"], not: [author]}}
"""


def test_a_review_is_answered_until_it_lands(make_milestone, github):
    work = {"01-1": {"a.js": "const a = 1\n"}, "01-2": {"a.js": "const a = 2\n"}}
    ada, hosted = make_milestone(work, plan=PLAN + REVIEWED), github.hosted
    push_to(github, ada)
    hosted.people |= {"grace": "WRITE", "linus": "WRITE"}
    hosted.forbidden, hosted.teams = {"teams"}, {"dba": ["Grace", "linus"]}
    first = ada.types("m1")
    assert "The team @acme/dba could not be asked for: " in first.out
    assert "waits for @acme/dba (nobody knows that team)" in first.out
    hosted.forbidden = set()
    (pull,) = hosted.pulls()

    threads = [("a.js", 1, "Why one?", False), ("a.js", 1, "Typo", True)]
    before = {"commit": hosted.branch(pull.head), "at": "2026-11-27T08:00:00Z"}
    hosted.review(pull.number, "grace", "changes_requested", body="Not yet", threads=threads, **before)
    asked = ada.types("m1")
    assert "⚠️ The team @acme/nobody does not exist, or this login may not see it" in asked.out
    assert "2. grace: Why one? — a.js#L1" in asked.out
    hosted.say(pull.number, "linus", "/fix Two it is")
    fixed = ada.types("m1")
    commit = hosted.branch(pull.head)
    answers = [[reply["body"].split(".")[0] for reply in one["replies"]] for one in pull.reviews[0]["threads"]]
    assert answers == [[f"{commit} answers this"], []], fixed.out
    assert pull.awaited == ["grace"]

    hosted.review(pull.number, "grace", "approved", commit=commit, at="2026-11-27T10:00:00Z")
    passed = ada.types("m1")
    assert "✓ No changes asked for (approved by grace)" in passed.out
    question = next(number for number, one in hosted.things.items() if "phase-1" in str(one.comments))
    hosted.say(question, "linus", "/continue")
    assert ada.types("m1").code == 0
    landed = ada.types("land", "m1")
    assert (landed.code, pull.state) == (0, "MERGED"), landed.out


def test_without_a_login_nothing_is_begun(ada, github):
    result = ada.types("m1", env={"GH_TOKEN": "gho_wrong0123456789abcdef0123456789"})
    assert result.code == 2
    assert "There is no valid login at github.com" in result.err
    assert "Run `gh auth login`." in result.err
    assert "Traceback" not in result.err
    assert opened(github) == []


def test_after_kills_each_issue_has_one_pull_request(ada, github):
    seed = random.randrange(1 << 32)
    rng, kills = random.Random(seed), 0
    print(f"seed {seed}")
    for what in ("PullRequestCreate", "PullRequestList", "Pulls"):
        kills += killed_when_asked(ada, github, ["m1"], what, rng.randrange(3))
    result = ada.types("m1")
    assert result.code == 3, result.out + result.err
    assert kills > 0
    assert opened(github) == ALL
    print(f"figure: converged after {kills} / {kills} kills")
