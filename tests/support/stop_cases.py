"""Issues that lead into every stop that an issue has, and what others do on the remote meanwhile."""

from dataclasses import dataclass, field

import pytest

from run_milestone.model import Kind
from run_milestone.policy.stops import AGAIN, AUTONOMOUS, STOPS

SIMPLE = {"a.js": "a = 1\n"}
NEW_TEST = {"tests/test_new.py": "def test_new():\n    assert True\n"}
TABLE = "CREATE TABLE shoes (id INTEGER PRIMARY KEY AUTOINCREMENT);\n"
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
    shown: str
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
    Case("10", Kind.AGENT, "1. sh ended with 1: nothing is prepared for 10-1", (None, SIMPLE)),
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
    Case("14", Kind.TOOL, "1. The reviewer `slow` gave no findings (exit 0, and no JSON: Looks good to me!)"),
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
    Case("19", Kind.SCOPE, "1. Outside the issue's paths: a.js", entry={"paths": {"allow": ["docs/**"]}}),
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
    Case("29", Kind.CHECKS, "✗ ci failed", ({"red.js": "a\n"}, {"gone": "red.js", **SIMPLE})),
    Case("30", Kind.CHECKS_PENDING, "1. ci on PR #"),
    Case(
        "32",
        Kind.MIGRATION_FAILED,
        "1. 1.up.sql: the downgrade fails on a scratch SQLite database",
        (
            {"db/migrations/1.up.sql": TABLE, "db/migrations/1.down.sql": "DROP TABLE other;\n"},
            {"db/migrations/1.up.sql": TABLE, "db/migrations/1.down.sql": "DROP TABLE shoes;\n"},
        ),
    ),
    Case("31", Kind.FAILED, "1. The branch feat/m1-31-do-31/mine is in the way of feat/m1-31-do-31"),
)
PLAN = """\
checks: {wait: 1s}
limits: {lines: 40}
scope: [auth]
sensitive: {auth: ["auth/**"]}
licences: {packages: {left-pad: MIT}}
reviewers: [{name: slow, command: [../../reviewer], timeout: 1}]
"""
REVIEWER = """\
#!/bin/sh
# A reviewer beside the project: of issue 14 it says nonsense, of issue 07 nothing in time.
case $(grep -o '"number": "[0-9]*"' | head -n 1) in
  *07*) exec sleep 60 ;;
  *14*) exec echo 'Looks good to me!' ;;
esac
echo '{"findings": []}'
"""
UPDATE = """\
case "$1" in
  refs/heads/feat/m1-23-*) [ -e open ] || { echo "closed for maintenance" >&2; exit 1; } ;;
esac
"""
POST_RECEIVE = """\
# While a run goes on, one colleague merges into the milestone branch and another pushes to the branch of issue 25.
# CI fails issue 29 while red.js is there, and never ends for issue 30.
says() {
  mkdir -p ../remote.forge/checks
  printf '{"checks": [{"name": "ci", "state": "%s"}]}' "$1" > "../remote.forge/checks/$new.json"
}
while read -r old new ref; do
  case "$ref" in
    refs/heads/feat/m1-29-*) git cat-file -e "$new:red.js" 2>/dev/null && says failed || says passed ;;
    refs/heads/feat/m1-30-*) says pending ;;
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


def led_into(product, home, cases, **how):
    """Make the project; the issue that another is blocked by is skipped ahead."""
    entries = [{"number": int(case.number), **case.entry} for case in cases]
    ada = product(home, [*entries, {"number": 28}], work=WORK, plan=PLAN, **how)
    on_remote(ada, home)
    (home / "reviewer").write_text(REVIEWER)
    (home / "reviewer").chmod(0o755)
    ada.touches("28.skip", milestone="m1")
    return ada


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
    ada.git("branch", "feat/m1-31-do-31/mine", "main", where=".")
    ada.git("symbolic-ref", "refs/heads/feat/m1-26-do-26", "refs/heads/main", where=remote)


def again(kind):
    """Return the verb by which the scenarios try a stop again: the first that it offers."""
    return [verb for verb in STOPS[kind].verbs if verb in AGAIN][:1]


def proves(*answers, among=GATES):
    """Return cases as parameters, each marked with the stop and the answers that its test shows."""

    def shown(case):
        others = (verb for verb in STOPS[case.kind].verbs if verb not in AGAIN)
        offered = (None, AUTONOMOUS, *others, *again(case.kind))
        return [mark(case, answer) for answer in answers if answer in offered]

    def mark(case, answer):
        return pytest.mark.stop(case.kind, *([answer] if answer else []))

    return [pytest.param(case, id=case.name or str(case.kind), marks=marks) for case in among if (marks := shown(case))]
