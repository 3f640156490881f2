"""What people's reviews say now: the last opinion of each who may write, compared with a plain model."""

import random
from dataclasses import replace

from run_milestone.model import Kind, PeopleSpec, PersonReview, ReviewState, ReviewThread
from run_milestone.policy.opinions import (
    OUTDATED,
    approving,
    asked_by_bots,
    asking_for_changes,
    missing_approvals,
    opinions,
    without_bots,
    without_verdict,
)

CASES = 2000
LOGINS = ("ada", "Ada", "grace", "mallory", "ghost")


def review(author, state, *, writer=True, threads=()):
    return PersonReview(author, state, "c" * 40, "2026-11-27T08:00:00Z", "", writer, threads)


def asking(*reviews):
    return [one.author for one in asking_for_changes(reviews)]


def test_a_comment_takes_no_verdict_back():
    assert asking(review("ada", ReviewState.CHANGES_REQUESTED), review("ada", ReviewState.COMMENTED)) == ["ada"]


def test_an_approval_answers_only_ones_own_request():
    requests = review("ada", ReviewState.CHANGES_REQUESTED), review("grace", ReviewState.CHANGES_REQUESTED)
    assert asking(*requests, review("ADA", ReviewState.APPROVED)) == ["grace"]


def test_resolved_threads_answer_no_request():
    resolved = ReviewThread("a.py", 3, "Why?", resolved=True)
    assert asking(review("ada", ReviewState.CHANGES_REQUESTED, threads=(resolved,))) == ["ada"]


def test_readers_and_the_dismissed_ask_nothing():
    assert asking(review("mallory", ReviewState.CHANGES_REQUESTED, writer=False)) == []
    assert asking(review("ada", ReviewState.DISMISSED)) == []


def test_who_lost_access_asks_nothing():
    assert asking(review("ada", ReviewState.CHANGES_REQUESTED), review("ada", "commented", writer=False)) == []


def test_named_bots_find_and_others_decide_nothing():
    threads = (
        ReviewThread("a.py", 3, "Unused"),
        ReviewThread("a.py", 4, "Gone", outdated=True),
        ReviewThread("a.py", 5, "Done", resolved=True),
    )
    bot = replace(review("Rabbit[bot]", ReviewState.COMMENTED, writer=False, threads=threads), bot=True)
    asks = replace(review("linter[bot]", ReviewState.CHANGES_REQUESTED), bot=True, body="No")
    assert asking(asks) == []
    assert asked_by_bots([bot, asks], ()) == ()
    assert [(one.kind, one.message, one.line) for one in asked_by_bots([bot, asks], ["@rabbit", "linter[bot]"])] == [
        (Kind.REVIEW, "linter[bot]: No", None),
        (Kind.REVIEW, "Rabbit[bot]: Unused", 3),
    ]
    comment, approval = review("ada", ReviewState.COMMENTED), review("grace", ReviewState.APPROVED)
    now = {"1": [bot, asks, comment, approval]}
    assert [one.author for _, one in without_verdict({}, now, ["rabbit"])] == ["linter[bot]", "ada"]
    assert [*without_verdict(now, now, [])] == []


def model(reviews):
    """The last opinion of each person, looked for from the end."""
    verdicts = {}
    for login in {one.author.lower() for one in reviews}:
        mine = [one for one in reversed(reviews) if one.author.lower() == login]
        opinion = next((one.state for one in mine if one.state != "commented"), None)
        if mine[0].writer and opinion:
            verdicts[login] = str(opinion)
    return verdicts


def test_random_reviews_agree_with_a_plain_model():
    chance, wrong = random.Random(14), 0
    for _ in range(CASES):
        length = chance.randrange(9)
        reviews = [
            review(chance.choice(LOGINS), chance.choice(list(ReviewState)), writer=chance.random() < 0.8)
            for _ in range(length)
        ]
        expected = model(reviews)
        decided = {one.author.lower(): str(one.state) for one in opinions(reviews)}
        asked = {one.author.lower() for one in asking_for_changes(reviews)}
        wrong += decided != expected or asked != {
            who for who, state in expected.items() if state == "changes_requested"
        }
    print(f"figure: verdicts of reviews that differ from a plain model: {wrong} of {CASES}")
    assert wrong == 0


NOW, BEFORE = "a" * 40, "b" * 40
TEAMS = {"@acme/dba": ("grace", "Linus")}
NAMES = ("ada", "@ADA", "@acme/dba", "grace", "linus")
MEMBERS = {"ada": {"ada"}, "@ADA": {"ada"}, "@acme/dba": {"grace", "linus"}, "grace": {"grace"}, "linus": {"linus"}}


def approvals_in(reviews, names):
    """How many people approved the change as it is: the plain model of a requirement."""
    wanted = set().union(*(MEMBERS[name] for name in names)) if names else None
    approved = 0
    for login in {one.author.lower() for one in reviews}:
        mine = [one for one in reversed(reviews) if one.author.lower() == login]
        last = next((one for one in mine if one.state != "commented"), None)
        fits = last is not None and (last.state, last.commit) == ("approved", NOW)
        approved += fits and mine[0].writer and (wanted is None or login in wanted)
    return approved


def test_random_requirements_agree_with_a_plain_model():
    chance, wrong = random.Random(142), 0
    for _ in range(CASES):
        states = chance.choices(list(ReviewState), weights=(6, 2, 1, 1), k=chance.randrange(7))
        people, commits = (*LOGINS, "linus"), (NOW, NOW, BEFORE, "")
        reviews = [
            replace(review(chance.choice(people), one, writer=chance.random() < 0.9), commit=chance.choice(commits))
            for one in states
        ]
        spec = PeopleSpec(chance.randrange(4), tuple(chance.sample(NAMES, chance.randrange(4))))
        given = approving(reviews)
        counted = [one.author for one in given if one.commit == NOW]
        outdated = {one.author: OUTDATED for one in given if one.commit != NOW}
        expected = approvals_in(reviews, spec.members)
        missing = missing_approvals(spec, TEAMS, counted, outdated)
        shown = [one.message.startswith(f"{expected} of {spec.required} ") for one in missing]
        wrong += shown != [True] * (expected < spec.required)
    print(f"figure: required reviews that differ from a plain model: {wrong} of {CASES}")
    assert wrong == 0


def test_a_team_without_members_counts_nobody():
    spec = PeopleSpec(1, ("@acme/dba",))
    (finding,) = missing_approvals(spec, {"@acme/dba": ()}, ["mallory"], {})
    assert finding.message == "0 of 1 approving reviews, waits for @acme/dba"


def test_named_bots_with_accounts_of_people_decide_nothing():
    approves = review("Acme-CI", ReviewState.APPROVED)
    assert approving(without_bots([approves, review("ada", ReviewState.APPROVED)], ["acme-ci"])) == (
        review("ada", ReviewState.APPROVED),
    )
    asks = replace(approves, state=ReviewState.CHANGES_REQUESTED, body="No")
    assert [one.kind for one in asked_by_bots([asks], ["acme-ci"])] == [Kind.REVIEW]
    assert list(without_verdict({}, {"1": [asks]}, ["acme-ci"])) == []
