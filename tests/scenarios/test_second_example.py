"""The second example, a product of shell scripts: people and recorded changes, aborted, killed, resumed, and alone."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.person import Person

EXAMPLE = Path(__file__).parents[1] / "examples" / "shell"
FIRST_PHASE = {"01", "02", "03", "04", "05", "06"}


def commits(person, number, subject):
    """A person writes what is recorded of them where the run said to, and commits it."""
    place = person.folder / f"pantry.worktrees/m2-{number}-person"
    person.git("apply", str(EXAMPLE / "people" / f"{number}.patch"), where=place)
    person.git("add", ".", where=place)
    person.git("commit", "--quiet", f"--message={subject}", where=place)


def killed(person, line):
    """Start a run and kill it without warning once it has said this line."""
    command = [sys.executable, "-m", "run_milestone", "m2"]
    with subprocess.Popen(command, cwd=person.folder, stdout=subprocess.PIPE, text=True) as run:
        assert any(output.strip() == line for output in run.stdout), f"it never said {line!r}"
        run.kill()
    return run.returncode


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The whole milestone, once: what was said at every turn."""
    ada = Person(tmp_path_factory.mktemp("pantry"))
    shutil.copytree(EXAMPLE, ada.folder / "plans" / "m2")
    turns = SimpleNamespace(ada=ada)
    turns.first = ada.types("m2", "--jobs", "6")
    ada.touches("03.abort", milestone="m2")
    turns.aborted = ada.types("m2", "--jobs", "6")
    turns.resumed = ada.types("m2", "--jobs", "6")

    ada.touches("03.fix", "06.fix", milestone="m2")
    commits(ada, "04", "Say what is past its day")
    turns.answered = ada.types("m2", "--jobs", "6")
    ada.touches("phase-1.continue", milestone="m2")
    turns.killed = killed(ada, "✓ Branch: feat/m2-07-shop")
    turns.again = ada.types("m2")

    commits(ada, "08", "Take the last change back")
    turns.alone = ada.types("m2", "--autonomous", "--jobs", "6")
    turns.verified = ada.types("verify", "m2")
    return turns


def pulls(story):
    folder = story.ada.folder / "remote/pantry.forge/pulls"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def decided(story):
    folder = story.ada.folder / "state/m2/decisions"
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [f"{row['gate']} {row['verb']}{' alone' if row['who'] == 'autonomous' else ''}" for row in rows]


def test_parallel_issues_are_printed_one_by_one(story):
    assert story.first.code == 3
    assert set(story.first.issues()) == FIRST_PHASE
    assert len(story.first.issues()) == len(FIRST_PHASE)
    assert "✓ Baseline tests: 5 passed, 0 failed" in story.first.out
    assert "overage" not in story.first.out, "the plan says that nothing measures it"


def test_the_tools_are_those_of_the_plan(story):
    output = story.first.out
    assert "✓ Auto-fixed (lint)" in output, "tools/lint took blanks away"
    assert "- test_upper_and_lower_case_are_the_same" in output, "tests/run wrote a JUnit report"
    assert "1. eval runs whatever it is given — lib/commands/load.sh#L8" in output, "tools/review printed findings"
    assert "Not proven" not in output, "tests are found by the names that the report gives them"


def test_a_persons_commits_are_taken_over(story):
    assert "commit your work on feat/m2-04-expired, then run again (a worktree of it: " in story.first.out
    assert set(story.answered.issues()) == {"03", "04", "06"}, "the others are done"
    assert "✓ Implemented (2 files, 14 lines)" in story.answered.out
    assert "✓ Phase 1 complete — 6 PRs ready" in story.answered.out


def test_an_aborted_run_resumes(story):
    assert story.aborted.code == 1
    assert "Aborted. `run-milestone m2` resumes it." in story.aborted.out
    assert story.resumed.code == 3
    assert "🛑 Tests failing (attempt 1/2)" in story.resumed.out, "the question is asked again"
    assert "✓ Compare in lower case" in story.answered.out


def test_a_killed_run_resumes(story):
    assert story.killed == -signal.SIGKILL
    assert story.again.code == 3
    assert story.again.issues() == ["07", "08", "09"]
    assert "✓ Tests: 12 passed" in story.again.out, "#07 stands on #02 and #04, which its tests need"


def test_autonomous_it_leaves_hard_stops_to_people(story):
    assert story.alone.code == 0
    assert "✅ Completed: 9 (#01, #02, #03, #04, #05, #06, #07, #08, #10)" in story.alone.out
    assert "#09: tests or checks weakened" in story.alone.out
    assert "1. test_things_are_listed_by_name of the base fails on the change" in story.alone.out
    assert "#11: blocked by an issue it depends on" in story.alone.out
    by_people = ["03 abort", "03 fix", "06 fix", "phase-1 continue"]
    by_itself = ["09 fix", "09 skip", "phase-2 continue", "11 skip", "phase-3 continue"]
    assert decided(story) == by_people + [f"{row} alone" for row in by_itself]


def test_the_end_state_is_verified(story):
    heads = sorted(pull["head"] for pull in pulls(story))
    names = ("01-remove", "02-total", "03-find", "04-expired", "05-export", "06-load", "07-shop", "08-undo")
    assert heads == ["docs/m2-10-manual", *(f"feat/m2-{name}" for name in names)]
    assert {pull["state"] for pull in pulls(story)} == {"open"}
    assert story.verified.code == 0, story.verified.out


def test_nothing_reaches_the_target_branch(story):
    assert story.ada.git("log", "--format=%s", "main", where="remote/pantry.git").splitlines() == [
        "Read every script before it runs, and look for eval",
        "Keep the larder in one text file",
    ]


# ---- what else a repository without Python meets ------------------------------------------------------------------

PLAN = """\
id: m1
title: First
agent: {{kind: {agent}}}
commands: {{lint: {lint}, test: [sh, test.sh, "{{junit}}"], timeout: 60}}
limits: {{coverage: 0}}
phases:
  - issues:
      - {{number: 1, title: Greet, criteria: [It greets]}}
"""
GREETS = "echo hello >greet.sh"
COMPLAINT = "greet.sh: 1: Unterminated quoted string"
BROKEN = json.dumps(["sh", "-c", f"test ! -e greet.sh || {{ echo '{COMPLAINT}' >&2; exit 2; }}"])


@pytest.fixture
def shell(person):
    """A person in a repository that holds a shell script and nothing else."""
    person.git("init", "--quiet", "--initial-branch=main", where=".")
    (person.folder / "test.sh").write_text('exec >"$1"; echo "<testsuite><testcase name=\'it runs\'/></testsuite>"\n')
    person.git("add", ".", where=".")
    person.git("commit", "--quiet", "--message=Start", where=".")

    def planned(agent=f'command, command: [sh, -c, "{GREETS}"]', lint="[sh, -n, test.sh]"):
        (person.folder / "plans/m1").mkdir(parents=True)
        (person.folder / "plans/m1/plan.yaml").write_text(PLAN.format(agent=agent, lint=lint))
        return person

    return planned


def test_remaining_lint_problems_reach_the_review(shell):
    result = shell(lint=BROKEN).types("m1")
    assert result.code == 3
    assert f"⚠️ Lint: {COMPLAINT}" in result.out
    assert f"1. The linter is not content: {COMPLAINT}" in result.out
    assert "fix | approve | skip | abort" in result.out


def test_a_linter_never_changes_a_persons_commits(shell):
    repairs = json.dumps(["sh", "-c", "echo repaired >greet.sh; false"])
    ada = shell(agent="human", lint=repairs)
    assert ada.types("m1").code == 3
    place = ada.folder.parent / f"{ada.folder.name}.worktrees/m1-01-person"
    (place / "greet.sh").write_text("echo hello\n")
    ada.git("add", ".", where=place)
    ada.git("commit", "--quiet", "--message=Greet", where=place)
    result = ada.types("m1")
    assert "1. The linter is not content: it said nothing" in result.out
    assert ada.git("show", "feat/m1-01-greet:greet.sh", where=".") == "echo hello"


def test_ruff_is_skipped_without_python(shell):
    ada = shell()
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("lint: [sh, -n, test.sh], ", ""))
    result = ada.types("m1", "--verbose")
    assert "✓ Tests: 1 passed" in result.out
    assert "✓ No issues found" in result.out
    assert not (ada.folder / "state/m1/logs/01/lint.log").exists()


@pytest.mark.parametrize(
    ("file", "runs"),
    [("package.json", '[node, "--test", '), ("go.mod", '[go, test, "-json", "./..."]'), ("", '"pytest"]')],
)
def test_a_new_plan_names_the_test_command(person, file, runs):
    person.git("init", "--quiet", "--initial-branch=main", where=".")
    if file:
        (person.folder / file).write_text("{}\n")
    person.git("commit", "--quiet", "--allow-empty", "--message=Start", where=".")
    assert person.types("init").code == 0
    assert runs in (person.folder / "plans/m1/plan.yaml").read_text()
    assert person.types("plan", "check", "m1").code == 0
    assert person.types("plan", "new", "m2").code == 0
    assert runs in (person.folder / "plans/m2/plan.yaml").read_text()


# ---- a product in a folder of a larger repository -----------------------------------------------------------------


def test_a_product_in_a_subfolder_is_refused(shell):
    ada = shell()
    (ada.folder / "web").mkdir()
    ada.git("mv", "test.sh", "web/test.sh", where=".")
    ada.git("commit", "--quiet", "--message=Move", where=".")
    plan = ada.folder / "plans/m1/plan.yaml"
    at_the_top = plan.read_text().replace("test.sh", "web/test.sh").replace("greet.sh", "web/greet.sh")

    plan.write_text(at_the_top + "repository: {path: web}\n")
    result = ada.types("m1")
    assert result.code == 2
    assert f"web is a folder of the repository {ada.folder}, and a milestone works on a whole one" in result.err
    assert "commands start there (`[make, -C, web, test]`)" in result.err

    plan.write_text(at_the_top.replace("criteria: [It", 'paths: {allow: ["web/**"]}, criteria: [It'))
    result = ada.types("m1")
    assert "✓ Tests: 1 passed" in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out
