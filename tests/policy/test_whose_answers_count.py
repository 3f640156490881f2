"""Whose answers count at a stop, and when they are enough, compared with a plain model."""

import random
from dataclasses import replace

from run_milestone.core.user import whoami
from run_milestone.model import (
    AnswerComment,
    Approval,
    ApproverSpec,
    Decision,
    Gate,
    Kind,
    Milestone,
    Need,
    Signed,
    Verb,
)
from run_milestone.policy.approvers import counts, is_enough, name_of, needs, refusal, rules, standing, waits_for
from run_milestone.policy.teams import bare, known_as
from run_milestone.runner.approvers import Rights
from run_milestone.runner.decide import by_whom

CASES = 2000
TEAMS = {"@acme/dba": ("grace", "Linus"), "@acme/web": ("ada",)}
RULES = {
    "size": ApproverSpec(("@acme/dba",), 2),
    "licence": ApproverSpec(("Grace",)),
    "billing/**": ApproverSpec(("ada", "@acme/dba"), 1, excluded=("author",)),
    "*": ApproverSpec(excluded=("author", "implementer")),
}
GATE = Gate("03", Kind.SIZE, 1, 2, (Verb.APPROVE, Verb.SKIP, Verb.ABORT), (), "a" * 64, "c" * 64)


def answer(who, verb=Verb.APPROVE, digest="a" * 64, *, number=1, waits=True):
    return Decision(number, "03", verb, who, "", "", Kind.SIZE, digest, source=f"s{number}", waits=waits)


def test_a_kind_and_its_paths_add_up():
    assert rules(RULES, Kind.SIZE, ["billing/a.py", "x.py"]) == (RULES["size"], RULES["billing/**"])
    assert rules(RULES, Kind.TESTS, ["x.py"]) == (RULES["*"],)
    assert rules({"size": RULES["size"]}, Kind.TESTS, ["x.py"]) == ()


def test_owners_are_asked_per_path():
    rule = ApproverSpec(("grace",), codeowners=True)
    assert [need.names for need in needs([rule], [("ada",), ("mary",), ("ada",), ()], ())] == [
        ("grace", "ada"),
        ("grace", "mary"),
    ]
    assert needs([ApproverSpec(codeowners=True)], [()], ()) == (Need(),)


def test_a_git_identity_suggests_a_login():
    assert known_as("Ada L", "12345+ada@users.noreply.github.com")[-1] == "ada"
    assert known_as("Ada L", "ada+work@example.com")[-1] == "ada"


def test_a_comment_proves_a_login_alone():
    rights, account = Rights(operator=("grace", "Grace Hopper")), whoami()
    comment = Approval("", "03", "approve", 1, "s", who=account, comment=AnswerComment(1, 2, "key"))
    assert rights.names(comment) == (account,)
    assert rights.names(replace(comment, comment=None)) == (account, "grace", "Grace Hopper")


def test_a_claimed_source_is_no_signature():
    signed = Approval("03.approve", "03", "approve", 1, "signature:1", who="grace", signed=Signed("", ""))
    rights = Rights({}, signers={signed: ("grace",)})
    plan = Milestone("m1", "Users", "milestone/m1", (), local=False)
    assert by_whom(signed, plan, rights) is None
    for copied in (replace(signed, signed=None), replace(signed, gate="04", signed=None)):
        assert "does not prove who wrote it" in str(by_whom(copied, plan, rights))


def test_too_few_people_are_named():
    need = Need(("@grace",), 2)
    assert waits_for([need], [answer("grace")], TEAMS) == "1 of 2, waits for more people than @grace"


def test_one_known_by_several_names_is_recorded_once():
    needed = [Need(("@acme/dba",), 2)]
    assert name_of(("root", "Grace Hopper", "grace"), needed, TEAMS) == "grace"
    assert refusal(needed, "approve", ("root", "Grace Hopper"), TEAMS) is not None


def test_an_address_is_its_makers_login():
    need = Need((), 1, ("Ada L", "ada@home.example", "ada"))
    assert not counts(need, "approve", ("ada@work.example",), TEAMS)
    assert counts(Need(("ada",)), "approve", ("ada",), TEAMS)
    assert not counts(Need(("ada",)), "approve", ("ada@elsewhere.example",), TEAMS), "an address is no login"


def test_an_operators_ways_to_answer_are_one_person():
    rights, account = Rights(operator=("Grace Hopper", "gh@example.com"), account="hopper"), whoami()
    file = Approval("03.approve", "03", "approve", 1, "s", who=account)
    comment = replace(file, who="Hopper", comment=AnswerComment(1, 2, "key"))
    signed = replace(file, who="", signed=Signed("", ""))
    rights = replace(rights, signers={signed: ("gh@example.com",)})
    for given in (file, comment, signed):
        assert rights.person(given) >= {account, "hopper", "gh@example.com"}
    assert rights.person(replace(comment, who="linus")) == {"linus"}


def test_makers_may_send_back_but_not_approve():
    need = Need(("ada", "grace"), 1, ("Ada", "ada@example.com"))
    assert not counts(need, "approve", ("ADA",), TEAMS)
    assert counts(need, "fix", ("ADA",), TEAMS)
    assert "nobody approve their own" in str(refusal([need], "continue", ("ada",), TEAMS))


def test_a_limit_belongs_to_a_budgets_answer():
    gate = replace(GATE, kind=Kind.BUDGET)
    given = [
        replace(answer(who, number=number), kind=Kind.BUDGET, why=limit)
        for number, who, limit in ((1, "ada", "9"), (2, "grace", "99"))
    ]
    assert [one.who for one in standing(gate, given)] == ["grace"]


def test_answers_to_more_add_up_with_those_left():
    gate = replace(GATE, covered_by=(f"{'b' * 64}-1",))
    given = [answer("ada", digest="b" * 64), answer("grace", number=2), answer("mary", digest="c" * 64, number=3)]
    assert [one.who for one in standing(gate, given[:2])] == ["ada", "grace"]
    assert standing(gate, given) == ()


# ---- stop, person, count, order, time -------------------------------------------------------------------------------

PEOPLE = ("ada", "Ada", "grace", "GRACE", "linus", "mallory")
IN = {"ada": {"ada"}, "@acme/dba": {"grace", "linus"}, "@acme/web": {"ada"}, "grace": {"grace"}}
QUESTIONS = ("a" * 64, "b" * 64)


def passes(events, wanted):
    """The plain model: look at each need by itself, from the newest answer back to the first that says otherwise."""
    last = next((event for event in reversed(events) if not event[3]), None)
    if last is None or events[-1][3]:
        return False
    agreeing = []
    for who, verb, question, is_final, is_withdrawn in reversed(events):
        if is_final or verb != last[1] or question != last[2]:
            break
        agreeing += [] if is_withdrawn else [who.lower()]
    if last[2] != QUESTIONS[0] or not agreeing:
        return False
    for names, count, made_by in wanted:
        members = set().union(*(IN[name] for name in names)) if names else None
        fits = {who for who in agreeing if members is None or who in members}
        fits -= made_by if last[1] in {"approve", "continue"} else set()
        if len(fits) < count:
            return False
    return True


def random_rule(chance):
    names = tuple(chance.sample(sorted(IN), chance.randrange(1, 3))) if chance.random() < 0.9 else ()
    return ApproverSpec(names, chance.randrange(1, 4), excluded=("author",) if chance.random() < 0.3 else ())


def random_event(chance):
    verb = chance.choice((Verb.APPROVE, Verb.APPROVE, Verb.APPROVE, Verb.SKIP))
    question = chance.choice((*QUESTIONS[:1] * 6, QUESTIONS[1]))
    return chance.choice(PEOPLE), verb, question, chance.random() < 0.05, chance.random() < 0.1


def wanted_of(plan, kind, paths, maker):
    """The plain model of which rules hold."""
    chosen = {key for key in plan if key == kind or (key == "billing/**" and "billing/a.py" in paths)}
    chosen = chosen or {"*"} & set(plan)
    return [(plan[key].members, plan[key].count, {maker} if plan[key].excluded else set()) for key in chosen]


def test_random_answers_agree_with_a_plain_model():
    chance, wrong, enough = random.Random(1404), 0, 0
    for _ in range(CASES):
        plan = {key: random_rule(chance) for key in chance.sample(["*", "billing/**", "size", "licence"], 3)}
        kind, maker = chance.choice((Kind.SIZE, Kind.LICENCE, Kind.TESTS)), chance.choice(("ada", "grace"))
        paths = chance.sample(["billing/a.py", "x.py"], chance.randrange(3))
        events = [random_event(chance) for _ in range(chance.randrange(8))]
        answers = [answer(*event[:3], number=n, waits=not event[3]) for n, event in enumerate(events, start=1)]
        withdrawn = [one for one, event in zip(answers, events, strict=True) if event[4] and not event[3]]
        answers += [replace(one, source=f"withdrawn:{one.source}") for one in withdrawn]
        needed, given = needs(rules(plan, kind, paths), (), (maker,)), standing(GATE, answers)
        expected = passes(events, wanted_of(plan, kind, paths, maker))
        left = bool(waits_for(needed, given, TEAMS)) or not given
        wrong += is_enough(needed, given, TEAMS) != expected or left is expected
        wrong += len({bare(one.who) for one in given}) != len(given)
        enough += expected
    print(f"figure: answers that add up otherwise than in a plain model: {wrong} of {CASES} ({enough} are enough)")
    assert wrong == 0
    assert enough > CASES / 20
