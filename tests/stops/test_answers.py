"""Every stop of an issue, found in one run of a real repository, and the way out by each verb that it offers.

Issues of a phase are independent: one run opens all these gates, and one more takes all the answers by a verb.
"""

from dataclasses import dataclass, field

import pytest

from run_milestone.model import Kind, Verb
from run_milestone.policy import AGAIN, STOPS

SIMPLE = {"a.js": "a = 1\n"}
NEW_TEST = {"tests/test_new.py": "def test_new():\n    assert True\n"}
KEY = "AKIA" + "QX7TZ3M5LB2VN8RC"


def revision(name, below, does="pass"):
    """An Alembic revision."""
    top = "" if does == "pass" else "from alembic import op\n\n"
    text = f"{top}revision = {name!r}\ndown_revision = {below!r}\n\n\ndef upgrade():\n    {does}\n"
    return {f"alembic/versions/{name}.py": text}


@dataclass(frozen=True)
class Case:
    """An issue that leads into a stop: what is said of it, what the agent leaves by attempt, and its plan entry."""

    number: str
    kind: Kind
    said: str
    work: tuple = (SIMPLE,)
    entry: dict = field(default_factory=dict)
    name: str = ""


LABELS = (
    Case(
        "01",
        Kind.MIGRATION_ADDITIVE,
        "✓ Migration: CREATE INDEX",
        (revision("002", "001", "op.create_index('i', 't', ['c'])"),),
    ),
    Case(
        "02", Kind.DEPENDENCY, "⚠️ New dependency: left-pad v1.3.0 (MIT)", ({"requirements.txt": "left-pad==1.3.0\n"},)
    ),
    Case("03", Kind.LOCKFILE, "⚠️ Lock file update", ({"uv.lock": "version = 1\n"},)),
    Case("04", Kind.SENSITIVE, "⚠️ Sensitive code", ({"auth/login.js": "a = 1\n"},)),
    Case("05", Kind.PROTECTED, "⚠️ Protected surface", ({"infra/main.tf": "a = 1\n"},)),
    Case("06", Kind.COVERAGE, "⚠️ Changed lines poorly covered", ({"uncovered.js": "a = 1\n"},)),
    Case("07", Kind.REVIEW_PENDING, "⚠️ The reviewer `slow` gave no answer within 1 s"),
)
GATES = (
    Case("08", Kind.SPEC_MISSING, "1. Issue #08 has no acceptance criteria", entry={"criteria": []}),
    Case("09", Kind.BLOCKED, "1. it depends on issue #28, which was skipped", entry={"depends_on": [28]}),
    Case("10", Kind.AGENT, "1. sh ended with 1: nothing is laid down for 10-1", (None, SIMPLE)),
    Case("11", Kind.HUMAN, "1. commit your work on feat/m1-11-do-11", entry={"agent": {"kind": "human"}}),
    Case(
        "12",
        Kind.TESTS,
        "the test command ended with exit code 1",
        ({"broken.js": "a\n"}, {"gone": "broken.js", **SIMPLE}),
    ),
    Case(
        "13",
        Kind.TAMPERING,
        "1. Tests deleted: tests/test_old.py held 1 test",
        ({"gone": "tests/test_old.py", **SIMPLE}, {"tests/test_old.py": "def test_old():\n    assert True\n"}),
    ),
    Case("14", Kind.TOOL, "1. The reviewer `slow` gave no findings"),
    Case(
        "15",
        Kind.NOT_RED,
        "1. The change brings no test, though one shall fail without it",
        ({"new.js": "a = 1\n"}, {"new.js": "a = 1\n", **NEW_TEST}),
        {"tests": {"red_first": True}},
    ),
    Case(
        "16",
        Kind.MIGRATION_BREAKING,
        "🛑 Breaking schema: DROP COLUMN",
        (revision("002", "001", "op.drop_column('t', 'c')"),),
    ),
    Case(
        "17",
        Kind.MIGRATION_HEADS,
        '1. 2 migration heads: "002", "003"',
        ({**revision("002", "001"), **revision("003", "001")}, revision("003", "002")),
    ),
    Case(
        "18",
        Kind.LICENCE,
        "1. New dependency: nobody-knows v1.0 (unknown",
        ({"requirements.txt": "nobody-knows==1.0\n"},),
    ),
    Case("19", Kind.SCOPE, "1. Outside the issue's paths: a.js — a.js", entry={"paths": {"allow": ["docs/**"]}}),
    Case("20", Kind.SIZE, "1. 41 lines changed, the limit is 40", ({"a.js": "a = 1\n" * 41},)),
    Case("21", Kind.EMPTY, "1. The branch changes nothing", ({}, SIMPLE)),
    Case("22", Kind.SECRET, "1. AWS Access Key in the change — a.js#L1", ({"a.js": f"a = '{KEY}'\n"}, SIMPLE)),
    Case("23", Kind.FORGE, "1. `git push` failed"),
    Case(
        "24",
        Kind.CONFLICT,
        "1. feat/m1-24-do-24 and milestone/m1 (",
        ({"shared.js": "colour = 'green'\n"}, {"shared.js": "colours = ['blue', 'green']\n"}),
    ),
    Case(
        "25",
        Kind.CONFLICT,
        "1. feat/m1-25-do-25 has commits on the remote that are not here",
        ({"over.js": "mine\n"}, {"over.js": "ours\n"}),
        name="others-commits",
    ),
    Case("26", Kind.TARGET, "1. The push is refused: on the remote feat/m1-26-do-26 is another name for main"),
    Case(
        "27",
        Kind.REVIEW,
        "1. `os` imported but unused — a.py#L3",
        ({"a.py": '"""A."""\n\nimport os\n'}, {"gone": "a.py", **SIMPLE}),
    ),
)
PLAN = """\
limits: {lines: 40}
scope: [auth]
sensitive: {auth: ["auth/**"]}
licences: {packages: {left-pad: MIT}}
reviewers: [{name: slow, command: [sh, review.sh], timeout: 1}]
"""
UPDATE = """\
case "$1" in
  refs/heads/feat/m1-23-*) [ -e open ] || { echo "closed for maintenance" >&2; exit 1; } ;;
esac
"""
POST_RECEIVE = """\
# Colleagues: one merges into the milestone branch, the other pushes to the branch of issue 25, while a run goes on.
while read -r old new ref; do
  case "$ref" in
    refs/heads/feat/m1-01-*)
      git update-ref refs/heads/milestone/m1 colleague
      git update-ref refs/heads/feat/m1-25-do-25 other-colleague ;;
  esac
done
"""


WORK = {
    f"{case.number}-{n}": files
    for case in (*LABELS, *GATES)
    for n, files in enumerate(case.work, 1)
    if files is not None
}


def entries(*told):
    return [{"number": int(case.number), **case.entry} for case in told]


def on_remote(ada, home):
    """What others do on the remote: hooks, work of their own, and a branch that is another name for main."""
    remote = home / "remote.git"
    for name, text in {"update": UPDATE, "post-receive": POST_RECEIVE}.items():
        (remote / "hooks" / name).write_text(f"#!/bin/sh\n{text}")
        (remote / "hooks" / name).chmod(0o755)
    for branch, name, text in (
        ("colleague", "shared.js", "colour = 'blue'\n"),
        ("other-colleague", "over.js", "theirs\n"),
    ):
        ada.git("worktree", "add", "--quiet", "-b", branch, str(home / branch), "main", where=".")
        (home / branch / name).write_text(text)
        ada.git("add", ".", where=home / branch)
        ada.git("commit", "--quiet", f"--message=Work on {name}", where=home / branch)
        ada.git("push", "--quiet", str(remote), branch, where=".")
        ada.git("worktree", "remove", str(home / branch), where=".")
    ada.git("symbolic-ref", "refs/heads/feat/m1-26-do-26", "refs/heads/main", where=remote)


@pytest.fixture(scope="module")
def opened(product, run, tmp_path_factory):
    """The run that opens every gate; the issue that another is blocked by was skipped ahead."""
    home = tmp_path_factory.mktemp("stops") / "home"
    ada = product(home, [*entries(*LABELS, *GATES), {"number": 28}], work=WORK, plan=PLAN)
    on_remote(ada, home)
    (home / "odd").touch()
    ada.touches("28.skip", milestone="m1")
    return run(ada)


def answering(verb):
    """A fixture: the gates that offer a verb are answered by it, all at once, and the milestone runs on."""

    @pytest.fixture(scope="module")
    def answered(opened, goes_on):
        return goes_on(opened, *(f"{case.number}.{verb}" for case in GATES if verb in STOPS[case.kind].verbs))

    return answered


skipped, approved, aborted = answering(Verb.SKIP), answering(Verb.APPROVE), answering(Verb.ABORT)


@pytest.fixture(scope="module")
def reworked(opened, goes_on):
    """Fix, retry or restart, whichever a gate offers; what was in the way outside is out of it."""

    def mend(home):
        (home / "odd").unlink()
        (home / "remote.git/open").touch()

    return goes_on(opened, *(f"{case.number}.{verb}" for case in GATES for verb in again(case.kind)), before=mend)


def again(kind):
    return [verb for verb in STOPS[kind].verbs if verb in AGAIN]


def proves(*answers, among=GATES):
    """The cases as parameters, each marked with the stop and the answers that its test shows."""

    def shown(case):
        return [mark(case, answer) for answer in answers if answer is None or answer in STOPS[case.kind].verbs]

    def mark(case, answer):
        return pytest.mark.stop(case.kind, *([answer] if answer else []))

    return [pytest.param(case, id=case.name or str(case.kind), marks=marks) for case in among if (marks := shown(case))]


# ---- found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", proves(None, among=LABELS))
def test_a_small_risk_is_a_label_and_the_run_goes_on(opened, case):
    assert case.said in opened.said(case.number)
    label = STOPS[case.kind].label
    assert f"✓ Label: {label}" in opened.said(case.number)
    assert label in opened.pull(case.number)["labels"]
    assert opened.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(None))
def test_a_large_one_waits_with_the_commands_that_answer_it(opened, case):
    assert opened.told.code == 3
    gate, said = opened.gate(case.number), opened.said(case.number)
    assert gate["kind"] == case.kind
    assert case.said in said
    assert f"🛑 {STOPS[case.kind].title}" in said
    assert " | ".join(STOPS[case.kind].verbs) in said
    for verb in STOPS[case.kind].verbs:
        assert f"  touch state/m1/approvals/{case.number}.{verb} " in said
    early = STOPS[case.kind].found_by != "review" and case.kind is not Kind.TOOL
    assert (opened.pull(case.number) is None) is early, "nothing is proposed before it is allowed"


# ---- answered -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", proves(Verb.APPROVE))
def test_approve_accepts_what_is_shown_and_the_issue_goes_on(approved, case):
    assert [verb for verb, _ in approved.decided(case.number)] == ["approve"]
    assert "✓ Approved (recorded)" in approved.said(case.number)
    assert approved.pull(case.number)["state"] == "open"
    assert approved.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(*AGAIN))
def test_another_attempt_mends_it_and_everything_is_looked_at_again(reworked, case):
    assert [verb for verb, _ in reworked.decided(case.number)] == again(case.kind)
    assert reworked.gate(case.number) is None, reworked.said(case.number)
    assert reworked.pull(case.number)["state"] == "open"
    assert reworked.story(case.number)["status"] == "done"


def test_what_the_base_and_others_did_is_merged_in_and_only_the_rest_is_the_change(reworked):
    for number, theirs in (("24", "colleague"), ("25", "other-colleague")):
        branch = f"feat/m1-{number}-do-{number}"
        assert reworked.remote(theirs) in reworked.log(branch), "nobody's commit is lost"
        assert reworked.log(branch)[-1] == reworked.remote("main")
        assert reworked.remote(branch) == reworked.log(branch)[0]
    assert "colours = ['blue', 'green']" in reworked.person.git("show", "feat/m1-24-do-24:shared.js", where=".")
    assert reworked.evidence("24", "inspect")["files"] == 1


def test_whatever_is_answered_the_target_branch_never_moves(opened, approved, reworked, skipped):
    assert {world.remote("main") for world in (opened, approved, reworked, skipped)} == {opened.remote("main")}
    assert opened.remote("main") == opened.person.git("rev-parse", "main", where=".")


@pytest.mark.parametrize("case", proves(Verb.SKIP))
def test_skip_leaves_the_issue_out_and_a_pull_request_of_it_a_draft(skipped, case):
    assert [verb for verb, _ in skipped.decided(case.number)] == ["skip"]
    assert f"⏭️ Skipped Issue #{case.number}" in skipped.told.out
    assert skipped.story(case.number)["status"] == "skipped"
    assert (skipped.pull(case.number) or {"draft": True})["draft"]


@pytest.mark.parametrize("case", proves(Verb.ABORT))
def test_abort_ends_the_run_and_the_question_stands_when_it_is_resumed(aborted, resumed, case):
    assert aborted.told.code == 1
    assert [verb for verb, _ in aborted.decided(case.number)] == ["abort"]
    assert aborted.told.issues() == []
    assert "Aborted. `run-milestone m1` resumes it." in aborted.told.out
    assert resumed.told.code == 3
    assert resumed.gate(case.number)["kind"] == case.kind
    assert case.said in resumed.told.out


@pytest.fixture(scope="module")
def resumed(aborted, goes_on):
    return goes_on(aborted)
