"""A colleague asks for changes on the pull request: that is a stop like any other, until it is answered."""

import json
import shutil
import signal
import subprocess
import sys

import pytest
from support.person import Person

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AUTONOMOUS

WORK = {f"01-{attempt}": {"new.js": f"const size = {attempt};\n"} for attempt in (1, 2, 3)}
THREADS = [
    {"path": "new.js", "line": 1, "body": "Why so small?", "resolved": False},
    {"path": "new.js", "line": 1, "body": "Typo", "resolved": True},
]
REVIEW = {"author": "grace", "state": "changes_requested", "body": "Not yet", "at": "2026-11-27T08:00:00Z"}


def reviews(home, *entries):
    """Write reviews into the pull request's file."""
    (path,) = (home / "remote.forge/pulls").glob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "reviews": list(entries)}))


def answers(outcome):
    """What the runner answered in each thread."""
    threads = (thread for review in outcome.pull("01")["reviews"] for thread in review.get("threads", []))
    return [[reply["body"].split("\n")[0] for reply in thread.get("replies", [])] for thread in threads]


def head(outcome):
    """The commit that the pull request is at."""
    return outcome.remote(outcome.pull("01")["head"])


KILLER = """
import os, sys
from run_milestone.adapters.forge.local.reviews import Reviews
act = getattr(Reviews, sys.argv[1])
def then_dies(*given):
    act(*given)
    os.kill(os.getpid(), 9)
setattr(Reviews, sys.argv[1], then_dies)
from run_milestone.commands import main
raise SystemExit(main(["m1"]))
"""


REVIEWED_MEANWHILE = """
import json, pathlib, sys
from run_milestone.commands import main
from run_milestone.commands.land import merge
wait = merge.await_checks
def is_reviewed_meanwhile(*given):
    file = pathlib.Path(sys.argv[1])
    file.write_text(json.dumps({**json.loads(file.read_text()), "reviews": [json.loads(sys.argv[2])]}))
    return wait(*given)
merge.await_checks = is_reviewed_meanwhile
raise SystemExit(main(["land", "m1"]))
"""


@pytest.fixture(scope="module")
def asked(make_product, run_m1, tmp_path_factory):
    """The run that finds a colleague's review; the phase waits for its answer."""
    home = tmp_path_factory.mktemp("people") / "home"
    ada = make_product(home, [{"number": 1}], work=WORK)
    assert run_m1(ada).gate("phase-1") is not None
    reviews(home, {**REVIEW, "threads": THREADS})
    return run_m1(ada)


@pytest.mark.stop(Kind.PEOPLE_REVIEW)
def test_a_colleagues_request_waits_with_its_threads(asked):
    gate = asked.gate("01")
    assert (gate["kind"], gate["verbs"]) == ("people-review", ["fix", "approve", "skip", "abort"])
    assert [(one["message"], one["path"], one["line"]) for one in gate["findings"]] == [
        ("grace: Not yet", None, None),
        ("grace: Why so small?", "new.js", 1),
    ]
    assert "1. grace: Not yet (review of 2026-11-27T08:00:00Z)" in asked.result.out
    assert "2. grace: Why so small? — new.js#L1" in asked.result.out
    assert asked.result.code == 3
    assert asked.person.types("land", "m1").code != 0


@pytest.mark.stop(Kind.PEOPLE_REVIEW, Verb.FIX)
def test_a_fix_waits_for_the_reviewer_again(asked, answer_in_copy, run_m1):
    fixed = answer_in_copy(asked, "01.fix")
    assert "🔧 Fixing..." in fixed.result.out
    assert fixed.gate("01")["attempt"] == 2
    commit = fixed.evidence("01", "implement")["head"]
    assert f"💬 Answered 1 thread on PR #1 with {commit[:10]}" in fixed.result.out
    assert "💬 Asked grace to review PR #1 again" in fixed.result.out
    assert answers(fixed) == [[f"{commit} answers this. Please look again."], []], "a resolved thread needs none"
    reviews(fixed.home, REVIEW, {"author": "Grace", "state": "approved", "commit": head(fixed)})
    approved = run_m1(fixed.person)
    assert approved.gate("01") is None
    assert "✓ No changes asked for (approved by Grace)" in approved.result.out
    assert approved.gate("phase-1") is not None


def test_nothing_is_answered_twice_after_a_kill(asked, answer_in_copy, run_m1):
    home = answer_in_copy(asked).home
    ada = Person(home / "product")
    ada.touches("01.fix", milestone="m1")
    for effect in ("answer_thread", "ask_again"):
        command = [sys.executable, "-c", KILLER, effect]
        ended = subprocess.run(command, cwd=ada.folder, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr
    resumed = run_m1(ada)
    assert [len(replies) for replies in answers(resumed)] == [1, 0]
    assert "💬" not in resumed.result.out, "both were said before the kill"
    ada.touches("01.fix", milestone="m1")
    again = run_m1(ada)
    commit = again.evidence("01", "implement")["head"]
    assert answers(again) == [[f"{commit} answers this. Please look again."], []], "it is updated in place"
    assert "💬 Asked" not in again.result.out, "her review is awaited already"


@pytest.mark.stop(Kind.PEOPLE_REVIEW, Verb.APPROVE)
def test_an_approval_is_for_that_review_only(asked, answer_in_copy, run_m1):
    outcome = answer_in_copy(asked, "01.approve")
    assert outcome.gate("01") is None
    assert "⚠️ Approved: a person asks for changes" in outcome.result.out
    reviews(outcome.home, {**REVIEW, "at": "2026-11-27T09:00:00Z", "threads": THREADS})
    assert run_m1(outcome.person).gate("01")["kind"] == "people-review", "a review submitted again is asked again"


@pytest.mark.stop(Kind.PEOPLE_REVIEW, Verb.SKIP)
def test_a_skip_leaves_the_issue_a_draft(asked, answer_in_copy):
    outcome = answer_in_copy(asked, "01.skip")
    assert outcome.story("01")["status"] == "skipped"
    assert outcome.pull("01")["draft"]


@pytest.mark.stop(Kind.PEOPLE_REVIEW, Verb.ABORT)
def test_an_abort_leaves_the_question_for_later(asked, answer_in_copy, run_m1):
    outcome = answer_in_copy(asked, "01.abort")
    assert outcome.result.code == 1
    assert run_m1(outcome.person).gate("01")["kind"] == "people-review"


@pytest.mark.stop(Kind.PEOPLE_REVIEW, AUTONOMOUS)
def test_alone_it_fixes_once_and_waits(asked, answer_in_copy, run_m1):
    outcome = run_m1(answer_in_copy(asked).person, "--autonomous")
    assert [verb for verb, _ in outcome.decided("01")] == ["fix"]
    assert outcome.gate("01")["verbs"] == ["approve", "skip", "abort"]
    assert outcome.result.code == 3
    assert outcome.story("01")["status"] == "waiting"


@pytest.fixture(scope="module")
def ready(make_product, run_m1, tmp_path_factory):
    """A milestone that nobody reviewed, before it lands."""
    ada = make_product(tmp_path_factory.mktemp("ready") / "home", [{"number": 1}], work=WORK)
    dry = ada.types("m1", "--dry-run").out
    assert "01: branch … review-gate: " in dry, "the step of people is off"
    run_m1(ada)
    ada.touches("phase-1.continue", milestone="m1")
    return run_m1(ada)


def test_a_review_before_landing_is_asked(ready, answer_in_copy):
    outcome = answer_in_copy(ready)
    assert outcome.result.code == 0
    ada, lands = outcome.person, ("land", "m1")
    reviews(outcome.home, REVIEW)
    landing = ada.types(*lands)
    assert (landing.code, outcome.gate("01")["kind"]) == (3, "people-review")
    ada.touches("01.approve", milestone="m1")
    again = ada.types(*lands)
    assert "phase 1 is not approved as it is now" in again.out, "an accepted risk is part of what a phase is asked"
    resumed = ada.types("m1")
    assert resumed.code == 3, resumed.out
    ada.touches("phase-1.continue", milestone="m1")
    landed = ada.types(*lands)
    assert landed.code == 0, landed.out
    assert outcome.pull("01")["state"] == "merged"


def test_a_review_during_the_checks_is_seen(ready, answer_in_copy):
    outcome = answer_in_copy(ready)
    (file,) = (outcome.home / "remote.forge/pulls").glob("*.json")
    command = [sys.executable, "-c", REVIEWED_MEANWHILE, str(file), json.dumps(REVIEW)]
    landing = subprocess.run(command, cwd=outcome.person.folder, capture_output=True, text=True, check=False)
    assert "grace asks for changes on PR #1" in landing.stdout, landing.stderr
    assert outcome.pull("01")["state"] == "open"


def test_bots_find_and_comments_are_said(make_product, run_m1, tmp_path):
    home = tmp_path / "home"
    ada = make_product(home, [{"number": 1}], work=WORK, plan="people: {bots: [rabbit]}\n")
    run_m1(ada)
    threads = [*THREADS, {"path": "new.js", "line": 1, "body": "Old", "outdated": True}]
    rabbit = {**REVIEW, "author": "rabbit[bot]", "state": "commented", "threads": threads}
    reviews(home, rabbit, {**REVIEW, "author": "linter[bot]"}, {**REVIEW, "state": "commented", "body": "Nice"})
    asked = run_m1(ada)
    assert "💬 grace commented on PR #1, without a verdict: “Nice”" in asked.result.out
    assert "💬 The review of PR #1 by linter[bot] is left out" in asked.result.out
    assert [(one["kind"], one["message"]) for one in asked.gate("01")["findings"]] == [
        ("review", "rabbit[bot]: Why so small?")
    ]
    assert "💬" not in run_m1(ada).result.out, "once"


def test_an_approved_review_given_anew_blocks(ready, answer_in_copy):
    outcome = answer_in_copy(ready)
    reviews(outcome.home, REVIEW)
    outcome.person.types("land", "m1")
    outcome.person.touches("01.approve", milestone="m1")
    reviews(outcome.home, {**REVIEW, "at": "2026-11-27T09:00:00Z"})
    landing = outcome.person.types("land", "m1")
    assert landing.code == 3, landing.out
    assert outcome.gate("01")["findings"][0]["detail"] == "review of 2026-11-27T09:00:00Z"
    assert outcome.pull("01")["state"] == "open"


def test_a_withdrawn_request_lets_it_land(ready, answer_in_copy):
    outcome = answer_in_copy(ready)
    reviews(outcome.home, REVIEW)
    assert outcome.person.types("land", "m1").code == 3
    reviews(outcome.home, {**REVIEW, "state": "dismissed"})
    landing = outcome.person.types("land", "m1")
    assert landing.code == 0, landing.out
    assert outcome.gate("01") is None


def test_landing_without_records_names_the_review(ready, answer_in_copy):
    outcome = answer_in_copy(ready)
    reviews(outcome.home, REVIEW)
    shutil.rmtree(outcome.person.folder / "state/m1")
    for words in (("land", "m1", "--dry-run"), ("land", "m1")):
        refused = outcome.person.types(*words)
        assert refused.code in {0, 1, 3}, refused.err
        assert "#01: grace asks for changes on PR #1" in refused.out
        assert "Traceback" not in refused.err
    assert outcome.pull("01")["state"] == "open"
