"""What two machines recorded at once becomes one, or a clash that leaves both as they are."""

import json

import pytest

from run_milestone.sync.merge import Clash, merge


def record(**facts):
    return (json.dumps(facts, indent=2) + "\n").encode()


def decision(number, gate, source, verb="fix"):
    return f"decisions/{number:04}-{gate}-{verb}.json", record(id=number, gate=gate, verb=verb, source=source)


def merged(base, ours, theirs):
    """What is to be written, given three whole states."""
    edited = {path for path in {*base, *ours} if base.get(path) != ours.get(path)}
    changes = {path: theirs.get(path) for path in {*base, *theirs} if base.get(path) != theirs.get(path)}
    return merge(ours, edited, changes)


def after(base, ours, theirs):
    """The state that comes of it, without the journal, which is chained elsewhere."""
    files = {**ours, **merged(base, ours, theirs).writes}
    return {path: content for path, content in files.items() if content is not None}


def test_work_on_different_issues_is_kept_of_both():
    ours, theirs = {"issues/01/test.json": b"1", "gates/01.json": b"?"}, {"issues/02/test.json": b"2"}
    assert after({}, ours, theirs) == {**ours, **theirs}


def test_gates_answered_on_either_side_are_closed():
    base = {"gates/01.json": b"?", "gates/02.json": b"?", "approvals/02.fix": b"!"}
    ours = {"gates/02.json": b"?", "approvals/02.fix": b"!"}
    assert after(base, ours, {"gates/01.json": b"?"}) == {}


def test_work_on_the_same_issue_clashes():
    with pytest.raises(Clash, match="Issue 03 was worked on here and elsewhere"):
        merged({}, {"issues/03/test.json": record(passed=1)}, {"issues/03/lint.json": record(fixed=1)})


def test_the_same_work_keeps_the_first_time():
    ours, theirs = ({"bootstrap.json": record(task="bootstrap", at=at, took=took)} for at, took in (("9", 2), ("8", 1)))
    assert after({}, ours, theirs) == theirs
    ours, theirs = ({"issues/03/test.json": record(passed=3, at=at)} for at in "98")
    assert after({}, ours, theirs) == theirs


def test_derived_files_are_not_merged():
    assert after({}, {"summary.json": record(total=1)}, {"summary.json": record(total=2)}) == {
        "summary.json": record(total=1)
    }


def test_another_answer_of_one_name_moves_ours_aside():
    ours, theirs = {"approvals/03.fix": b"mine"}, {"approvals/03.fix": b"theirs"}
    result = merged({}, ours, theirs)
    assert (result.writes, result.asides) == (theirs, ("approvals/03.fix",))


def test_an_answer_given_again_is_kept():
    base = {"approvals/03.fix": b"first"}
    assert after(base, {}, {"approvals/03.fix": b"second"}) == {"approvals/03.fix": b"second"}
    assert after(base, {"approvals/03.fix": b"second"}, {}) == {"approvals/03.fix": b"second"}


def registry(*branches, title="Part"):
    issues = [{"title": title, "branch": branch, "spans": [{"number": "01", "since": 1}]} for branch in branches]
    return {"issues.json": record(issues=issues, moves=[], changed=[], staged=False)}


def test_the_registry_gets_the_branches_of_both():
    base = registry(None, None, None)
    assert after(base, registry("a", None, None), registry(None, "b", None)) == registry("a", "b", None)
    assert after(base, base, registry(None, "b", None)) == registry(None, "b", None)
    assert after({}, registry("a", None), registry(None, "b")) == registry("a", "b"), "also where both noted it first"
    assert after(base, registry("a", None, None), {}) == registry("a", None, None)
    with pytest.raises(Clash, match="The plan was changed, and two runs began with it"):
        merged(base, registry("a", None, None), registry(None, None, None, title="Other"))


def test_any_other_record_that_both_changed_clashes():
    with pytest.raises(Clash, match=r"epic\.json"):
        merged({}, {"epic.json": b"1"}, {"epic.json": b"2"})


# ---- decisions ----------------------------------------------------------------------------------------------------


def test_two_decisions_of_one_number_get_two_numbers():
    (path, ours), theirs = decision(7, "03", "a"), dict([decision(7, "04", "b")])
    result = merged({}, {path: ours}, theirs)
    assert after({}, {path: ours}, theirs) == {**theirs, **dict([decision(8, "03", "a")])}
    assert result.numbers == {(7, "03"): 8}


def test_several_keep_their_order_and_none_meets_another():
    ours = dict([decision(7, "03", "a"), decision(8, "05", "c"), decision(9, "phase-1", "d", "skip-phase")])
    theirs = dict([decision(7, "04", "b"), decision(8, "06", "e")])
    expected = dict([decision(9, "03", "a"), decision(10, "05", "c"), decision(11, "phase-1", "d", "skip-phase")])
    assert after({}, ours, theirs) == {**theirs, **expected}


def test_a_decision_from_the_same_answer_exists_once():
    ours, theirs = dict([decision(7, "03", "same")]), dict([decision(8, "03", "same"), decision(7, "04", "b")])
    result = merged({}, ours, theirs)
    assert after({}, ours, theirs) == theirs
    assert result.numbers == {(7, "03"): None}


def test_a_used_decision_is_not_renumbered():
    path, content = decision(7, "03", "a")
    with pytest.raises(Clash, match="Decision 7 at gate 03 was used here"):
        merged({}, {path: content, "issues/03/implement.json": b"{}"}, dict([decision(7, "04", "b")]))


def test_a_half_written_merge_ends_the_same():
    base = dict([decision(6, "01", "z")])
    ours = {**base, **dict([decision(7, "03", "a")]), "gates/05.json": b"?"}
    theirs = {**base, **dict([decision(7, "04", "b")]), "issues/04/test.json": b"{}"}
    end = after(base, ours, theirs)
    writes = merged(base, ours, theirs).writes
    for half in range(len(writes) + 1):
        done = {**ours, **dict(list(writes.items())[:half])}
        crashed = {path: content for path, content in done.items() if content is not None}
        assert after(base, crashed, theirs) == end, half
