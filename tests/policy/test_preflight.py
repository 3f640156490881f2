"""What a forge and a remote will refuse is decided from what was read of them."""

from dataclasses import replace

import pytest

from run_milestone.model import Issue, Milestone, Phase, Severity
from run_milestone.model.branch_rules import BranchRules, ForgeRights, NamePattern
from run_milestone.policy.preflight import Seen, merge_methods, preflight

BRANCH, WORK = "milestone/m1", "feat/m1-01-one"
MILESTONE = Milestone("m1", "First", BRANCH, (Phase(1, "", (Issue("01", "One", "one", 1, labels=("x" * 51,)),)),))
RIGHTS = ForgeRights(can_push=True, default_branch="main", hosted=True)
SEEN = Seen({"01": WORK}, {"main": "1" * 40}, {"main": "1" * 40}, RIGHTS)


def on(branch, **rules):
    return replace(SEEN, rules={branch: BranchRules(**rules)})


REFUSED = {
    "a branch of the same name as a folder": (replace(SEEN, local={"milestone": "1" * 40}), "branch-name"),
    "one on the remote": (replace(SEEN, remote={"main": "1", f"{BRANCH}/a": "1" * 40}), "branch-name"),
    "a name that a rule forbids": (on(WORK, names=(NamePattern("starts_with", "issue/"),)), "branch-name"),
    "a name that a negated rule forbids": (
        on(WORK, names=(NamePattern("regex", "^feat", negate=True),)),
        "branch-name",
    ),
    "no target branch": (replace(SEEN, remote={"trunk": "1" * 40}), "target"),
    "an archived repository": (replace(SEEN, rights=replace(RIGHTS, archived=True)), "archived"),
    "a login that only reads": (replace(SEEN, rights=replace(RIGHTS, can_push=False)), "rights"),
    "a branch for few": (on(BRANCH, closed="it restricts updates"), "push"),
    "an issue's branch for few": (on(WORK, closed="it restricts creations"), "push"),
    "signatures": (on(BRANCH, signatures=True), "signatures"),
    "signatures on an issue's branch": (on(WORK, signatures=True), "signatures"),
    "signatures on the target without squash": (on("main", signatures=True, methods=("merge",)), "signatures"),
    "no common method": (on(BRANCH, methods=()), "merge-method"),
    "only merge commits and a linear history": (
        replace(on(BRANCH, linear=True), rights=replace(RIGHTS, methods=("merge",))),
        "merge-method",
    ),
    "a long label": (replace(SEEN, rights=replace(RIGHTS, longest_label=50)), "label"),
}
TOLD = {
    "another default branch": (replace(SEEN, rights=replace(RIGHTS, default_branch="dev")), "default-branch"),
    "squash only": (replace(SEEN, rights=replace(RIGHTS, methods=("squash",))), "merge-method"),
    "a linear history": (on(BRANCH, linear=True), "merge-method"),
    "a merge queue": (on(BRANCH, queue=True), "merge-queue"),
    "a merge queue of the target": (on("main", queue=True), "merge-queue"),
    "checks": (on(BRANCH, checks=("ci/test",)), "checks"),
    "reviews": (on(BRANCH, reviews=2), "reviews"),
    "signatures on the target": (on("main", signatures=True), "signatures"),
    "a rule nobody knows": (on(BRANCH, others=("commit_message_pattern",)), "other-rules"),
    "a pattern in another syntax": (on(BRANCH, names=(NamePattern("regex", "(?i"),), checks=("a",)), "checks"),
    "no answer": (replace(SEEN, rights=None, unread=("the rules of the branches. HTTP 502",)), "not-looked-at"),
}


def rules_of(findings, *severities):
    return [one.rule for one in findings if one.severity in severities]


@pytest.mark.parametrize("case", REFUSED)
def test_what_will_be_refused_is_asked(case):
    seen, rule = REFUSED[case]
    findings = preflight(MILESTONE, seen)
    assert rules_of(findings, Severity.CRITICAL) == [rule]
    assert all(one.detail for one in findings if one.severity is Severity.CRITICAL), "it says what to do"


@pytest.mark.parametrize("case", TOLD)
def test_what_is_only_worth_knowing_is_told(case):
    seen, rule = TOLD[case]
    findings = preflight(MILESTONE, seen)
    assert rules_of(findings, *Severity) == [rule]
    assert rules_of(findings, Severity.CRITICAL) == []


def test_nothing_is_said_where_all_is_allowed():
    assert preflight(MILESTONE, SEEN) == ()
    assert preflight(MILESTONE, Seen({"01": WORK})) == (), "a forge without rules"
    assert preflight(MILESTONE, replace(on(BRANCH, signatures=True), signs=True)) == ()


def test_methods_are_what_both_allow():
    seen = replace(on(BRANCH, linear=True, methods=("merge", "rebase")), rights=RIGHTS)
    assert merge_methods(BRANCH, seen) == ("rebase",)
    assert merge_methods(BRANCH, SEEN) == ("merge", "squash", "rebase")
