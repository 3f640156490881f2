"""The commands beside a run: what a person types, and what becomes of the project."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.person import Person
from support.plans import COLOUR_AND_WEIGHT
from support.projects import person_with_plan

from run_milestone.commands.verify import differences
from run_milestone.plan import load
from run_milestone.plan.project import Project
from run_milestone.policy.stops import STOPS
from run_milestone.render.verify import verified

AGENT = """\
import pathlib, sys, time
if "weight" in sys.stdin.read():
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(600)
with open("widgets.py", "a") as file:
    file.write("COLOUR = 'red'\\n")
test = "from widgets import COLOUR\\n\\n\\ndef test_it():\\n    assert COLOUR\\n"
pathlib.Path("tests/test_colour.py").write_text(test)
"""


@pytest.fixture
def ada(ada):
    """Somebody whose plan two people carry out."""
    ada.plans(COLOUR_AND_WEIGHT)
    return ada


@pytest.fixture
def with_agent(ada, tmp_path):
    """Somebody whose agent finishes the first issue and hangs in the second, and the file that says so."""
    (tmp_path / "agent.py").write_text(AGENT)
    command = json.dumps([sys.executable, str(tmp_path / "agent.py"), str(tmp_path / "hangs")])
    ada.plans(f"{COLOUR_AND_WEIGHT}sandbox: {{kind: none}}\nagent: {{kind: command, command: {command}}}\n")
    return ada, tmp_path / "hangs"


def first_done(ada):
    """Carry the first issue to its pull request by hand."""
    place = ada.types("m1").out.split("a worktree of it: ")[1].split(")")[0]
    with open(f"{place}/widgets.py", "a") as file:
        file.write('COLOUR = "red"\n')
    with open(f"{place}/tests/test_colour.py", "w") as file:
        file.write("from widgets import COLOUR\n\n\ndef test_colour():\n    assert COLOUR\n")
    ada.git("add", ".", where=place)
    ada.git("commit", "--quiet", "--message=Add a colour", where=place)
    assert "✓ PR #1 created" in ada.types("m1").out


def wait_for(what, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


# ---- plans ----------------------------------------------------------------------------------------------------


def test_a_new_plan_is_never_overwritten(ada):
    result = ada.types("plan", "new", "M4.2", "--title", 'A "quoted": title {x} # é', "--issues", "3")
    assert (result.code, result.lines[0]) == (0, "✓ made plans/m4.2/plan.yaml")
    plan = ada.folder / "plans/m4.2/plan.yaml"
    text = plan.read_text()
    checked = ada.types("plan", "check", "m4.2")
    assert checked.lines[0] == "✓ plans/m4.2/plan.yaml: 3 issues in 1 phase"
    assert "  ⚠️ Issue #03, criterion 1: it is not written yet" in checked.lines, "and what to write next"
    assert 'A "quoted": title {x} # é' in ada.types("status", "m4.2").out
    again = ada.types("plan", "new", "m4.2")
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err
    assert plan.read_text() == text


def test_an_invalid_new_plan_is_not_written(ada):
    assert ada.types("plan", "new", "m2", "--target", "not a branch").code == 2
    assert ada.types("plan", "new", "m2", "--issues", "0").code == 2
    assert not (ada.folder / "plans/m2").exists()


def test_on_a_terminal_a_new_plan_asks(ada):
    code, shown = ada.answers_at_a_terminal("plan", "new", "m2", types="Faster widgets\n\n4\n")
    assert code == 0
    assert "Target branch [main]:" in shown
    assert "4 issues in 1 phase" in ada.types("plan", "check", "m2").out
    assert "Faster widgets" in ada.types("status", "m2").out


def test_a_review_ends_in_a_verdict(ada):
    plan = ada.folder / "plans/m1/plan.yaml"
    result = ada.types("plan", "review", "m1")
    assert (result.code, result.lines[1]) == (0, "Verdict: READY")
    plan.write_text(plan.read_text().replace("[Widgets have a weight]", "[it is fast, nice, good, easy, robust]"))
    result = ada.types("plan", "review", "m1")
    assert (result.code, result.lines[1]) == (0, "Verdict: REVIEW WARNINGS")
    assert "5 warnings:" in result.lines
    plan.write_text(plan.read_text().replace("[Widgets have a colour]", "[]"))
    result = ada.types("plan", "review", "m1")
    assert (result.code, result.lines[1]) == (1, "Verdict: ADDRESS CRITICALS")
    assert "- Issue #01 has no acceptance criteria" in result.lines


def test_review_names_what_no_issue_covers(ada):
    epic = "# Widgets\n- [ ] Every widget has a colour\n- [x] Already there\n- [ ] Export as CSV files\n"
    (ada.folder / "plans/m1/epic.md").write_text(epic)
    warning = "No issue mentions what the epic asks for: Export as CSV files"
    result = ada.types("plan", "review", "m1")
    assert [line for line in result.lines if "epic" in line] == [f"- {warning}"]
    assert warning in ada.types("m1").out
    assert warning in (ada.folder / "state/m1/plan-review.md").read_text()
    (ada.folder / "plans/m1/epic.md").write_text(epic.replace("Export as CSV files", "Widgets have a weight"))
    assert "plan-review: will run: changed since: epic" in ada.types("why", "m1", "plan-review").out
    assert "epic asks" not in ada.types("m1").out


# ---- verify ---------------------------------------------------------------------------------------------------


def everything(folder):
    """Every file of a project with its content and time."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_every_command_answers_before_the_first_run(ada):
    assert "— not started\n" in ada.types("status", "m1").out
    result = ada.types("verify", "m1")
    assert (result.code, result.out) == (0, "Nothing is recorded of m1 yet; `run-milestone m1` begins it.\n")
    assert ada.types("gates", "m1").out == "No gate of m1 waits for a decision.\n"
    assert not (ada.folder / ".git/run-milestone").exists()


def test_verify_agrees_and_changes_nothing(ada):
    first_done(ada)
    before = everything(ada.folder)
    result = ada.types("verify", "m1")
    assert (result.code, result.lines[-1]) == (0, "✓ Records, git and forge agree"), result.out
    assert everything(ada.folder) == before


def moved_remote(ada):
    remote = ada.folder / ".git/run-milestone/remote.git"
    ada.git("update-ref", "refs/heads/feat/m1-01-add-a-colour", ada.git("rev-parse", "main", where="."), where=remote)


def moved_branch(ada):
    branch = ada.git("rev-parse", "feat/m1-01-add-a-colour^{tree}", where=".")
    commit = ada.git("commit-tree", branch, "-p", "feat/m1-01-add-a-colour", "-m", "More", where=".")
    ada.git("update-ref", "refs/heads/feat/m1-01-add-a-colour", commit, where=".")


def lost_decision(ada):
    next((ada.folder / "state/m1/decisions").iterdir()).unlink()


def changed_decision(ada):
    ada.changes(next((ada.folder / "state/m1/decisions").iterdir()), who="Mallory")


def changed_journal(ada):
    path = ada.folder / "state/m1/journal.jsonl"
    path.write_text(path.read_text().replace('"verb": "skip"', '"verb": "approve"'))


def damaged_marker(ada):
    (ada.folder / "state/m1/issues/01/test.json").write_text("{")


def unknown_marker(ada):
    folder = ada.folder / "state/m1/issues"
    (folder / "02").mkdir(exist_ok=True)
    text = (folder / "01/lint.json").read_text().replace("01:lint", "02:lint")
    (folder / "02/lint.json").write_text(text)


def edited_figure(ada):
    path = "state/m1/issues/01/inspect.json"
    ada.changes(path, evidence={**json.loads((ada.folder / path).read_text())["evidence"], "lines": 1_000})


def forged_decision(ada):
    decision = next((ada.folder / "state/m1/decisions").iterdir())
    forged = decision.with_name("0002-01-approve.json")
    forged.write_text(decision.read_text())
    ada.changes(forged, id=2, gate="01", verb="approve", source="forged")


DIFFERENCES = {
    "the marker of 01:inspect is not what the run recorded": edited_figure,
    "decisions/0001-02-skip.json is not what the run recorded": changed_decision,
    "decisions/0002-01-approve.json is not in the journal": forged_decision,
    "the remote has feat/m1-01-add-a-colour at": moved_remote,
    "test ran on": moved_branch,
    "the journal mentions decision 1, its file is missing": lost_decision,
    "decision 1 says skip at 02 by Mallory, the journal differs": changed_decision,
    "its chain breaks at line": changed_journal,
    "test.json cannot be read": damaged_marker,
    "it does not mention 02:lint, which has a marker": unknown_marker,
    "PR #1: state should be open, the forge says closed": lambda ada: ada.changes_pull(1, state="closed"),
    "PR #1: labels should be none, the forge says urgent": lambda ada: ada.changes_pull(1, labels=["urgent"]),
    "PR #1: base should be milestone/m1, the forge says main": lambda ada: ada.changes_pull(1, base="main"),
    "PR #1: draft should be False, the forge says True": lambda ada: ada.changes_pull(1, draft=True),
    "PR #1 does not carry this issue's mark": lambda ada: ada.changes_pull(1, body="mine"),
    "PR #1 is recorded, the forge has no such pull request": lambda ada: (ada.forge / "pulls/1.json").unlink(),
    "milestone/m1 is missing here": lambda ada: ada.git("branch", "-D", "milestone/m1", where="."),
    "`issues` in summary.json differs from the records": lambda ada: ada.changes(
        "state/m1/summary.json", issues={"total": 9, "completed": 9, "skipped": 0}
    ),
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A project whose first issue is done and whose second is skipped."""
    ada = person_with_plan(tmp_path_factory.mktemp("settled") / "widgets", COLOUR_AND_WEIGHT)
    first_done(ada)
    ada.answers("02.skip")
    return ada


@pytest.mark.parametrize("shown", DIFFERENCES)
def test_each_difference_is_named(settled, tmp_path, shown):
    shutil.copytree(settled.folder, tmp_path / "copy", symlinks=True)
    ada = Person(tmp_path / "copy")
    DIFFERENCES[shown](ada)
    project = Project(ada.folder)
    report = verified("m1", differences(project, load(project.plan("m1"))))
    assert any(line.startswith("✗") and shown in line for line in report.splitlines()), report


# ---- doctor ---------------------------------------------------------------------------------------------------


def test_the_doctor_finds_what_would_fail(ada):
    result = ada.types("doctor")
    assert (result.code, result.lines[-1]) == (0, "✓ Everything that is needed works"), result.out
    assert re.search(r"✓ git +\d+\.\d+", result.out)
    assert re.search(r"✓ m1 sandbox +your home is not read\n", result.out)
    plan = ada.folder / "plans/m1/plan.yaml"
    ada.plans(COLOUR_AND_WEIGHT + "agent: {kind: command, command: [no-such-agent]}\nforge: github\n")
    result = ada.types("doctor", "m1")
    assert result.code == 1
    ada.plans(COLOUR_AND_WEIGHT + "agent: {kind: command, command: [no-such-agent]}\n")
    result = ada.types("doctor", "m1")
    assert result.code == 1
    assert "no-such-agent is not on PATH" in result.out
    ada.plans(COLOUR_AND_WEIGHT + 'agent: {kind: command, command: ["{python}", tools/agent.py]}\n')
    assert re.search(r"✓ m1 agent +python tools/agent.py\n", ada.types("doctor", "m1").out)
    agent = "{kind: command, command: [sh], pass_env: [SET_KEY, UNSET_KEY]}"
    ada.plans(f"{COLOUR_AND_WEIGHT}agent: {agent}\n")
    result = ada.types("doctor", "m1", env={"SET_KEY": "canary-canary"})
    assert result.code == 0
    assert re.search(r"✓ m1 pass_env +SET_KEY\n· m1 pass_env +UNSET_KEY is not set, so it is not passed on", result.out)
    ada.plans(COLOUR_AND_WEIGHT + "repository: {remote: ../nowhere.git}\n")
    assert "made by the first run" in ada.types("doctor").out
    plan.write_text("id: m1\n")
    result = ada.types("doctor")
    assert result.code == 1
    assert "plans/m1/plan.yaml:1:1: plan: has no title" in result.out


def test_the_doctor_works_where_there_is_no_project(person):
    result = person.types("doctor")
    assert (result.code, "none here" in result.out) == (0, True)


def test_the_doctor_prints_the_stops_in_force(person):
    rows = person.types("doctor", "--stops").lines[1:]
    assert [re.split(r"  +", row)[0] for row in rows] == [stop.title for stop in STOPS.values()]
    tests = next(row for row in rows if row.startswith("Tests failing"))
    assert re.split(r"  +", tests)[1:] == ["test, land", "hard", "fix | retry | skip | abort", "fix, then skip"]
    person_waits = next(row for row in rows if row.startswith("Waiting for a person's commits"))
    assert person_waits.endswith("  waits")


# ---- panic ----------------------------------------------------------------------------------------------------


def runs(script):
    """Whether any process here runs this script."""
    return any(str(script).encode() in command for command in map(command_line, Path("/proc").glob("[0-9]*/cmdline")))


def command_line(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_panic_ends_everything_and_leaves_drafts(with_agent, tmp_path):
    ada, hangs = with_agent
    run = subprocess.Popen([sys.executable, "-m", "run_milestone", "m1"], cwd=ada.folder, stdout=subprocess.PIPE)
    wait_for(hangs.exists)
    result = ada.types("panic", "m1")
    run.communicate(timeout=30)
    assert (run.returncode, result.code) == (130, 0)
    assert result.lines[0].startswith(f"✓ Stopped process {run.pid}")
    assert "✓ PR #1 is a draft until the next run" in result.lines
    assert re.search(r"✓ Saved in state/m1/: 12 finished steps, 0 decisions, 0 open questions", result.out)
    assert ada.pulls()[0]["draft"]
    assert not runs(tmp_path / "agent.py")

    again = ada.types("panic", "m1")
    assert (again.code, again.out) == (
        0,
        "No run of m1 is active on this machine; nothing was stopped and nothing changed.\n",
    )
    ada.touches("02.skip", milestone="m1")
    assert ada.types("m1").code == 3
    assert not ada.pulls()[0]["draft"], "the next run makes it ready again"


def test_panic_kills_an_unresponsive_run(with_agent, tmp_path):
    ada, hangs = with_agent
    run = subprocess.Popen([sys.executable, "-m", "run_milestone", "m1"], cwd=ada.folder, stdout=subprocess.DEVNULL)
    wait_for(hangs.exists)
    os.kill(run.pid, signal.SIGSTOP)
    result = ada.types("panic", "m1")
    assert result.code == 0, result.err
    assert run.wait(timeout=30) in {130, -signal.SIGKILL}
    wait_for(lambda: not runs(tmp_path / "agent.py"), 10)


def test_panic_ends_no_other_process(ada):
    lock = ada.folder / "state/m1/lock"
    lock.parent.mkdir(parents=True)
    other = subprocess.Popen(["sleep", "60"])
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for host, pid, shown in (
            (socket.gethostname(), other.pid, f"Process {other.pid} (sleep) is not a run of run-milestone."),
            ("elsewhere", other.pid, f"is held by process {other.pid} on elsewhere."),
        ):
            lock.write_text(json.dumps({"pid": pid, "host": host, "since": "now"}))
            result = ada.types("panic", "m1")
            assert result.code == 2
            assert shown in result.err
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("typed", ["", "\n", "nonsense\n"])
def test_the_prompt_says_how_to_leave_it(ada, typed):
    code, shown = ada.answers_at_a_terminal("m1", types=f"{typed}\x04")
    asked, _, answered = shown.partition("\n> ")
    assert code == 3
    assert asked.rstrip().endswith("Answer here, or press ^D to leave it open; Enter explains the answers.")
    assert ("skip [reason]    leave this issue out" in answered.replace("\r", "")) == bool(typed)


def test_a_diff_of_nothing_is_said(ada):
    assert ada.types("m1").code == 3
    result = ada.types("diff", "m1", "1")
    assert result.code == 2
    assert "1 changes nothing yet. `run-milestone status m1` lists the issues" in result.err


def test_the_prompt_knows_status_help_and_panic(ada):
    first_done(ada)
    code, shown = ada.answers_at_a_terminal("m1", types="status\nhelp\nnonsense\npanic\n")
    assert code == 130
    assert "✓ #01 Add a colour — PR #1 · clean" in shown
    assert "skip [reason]" in shown
    assert "'nonsense' is no answer to this." in shown
    assert "✓ PR #1 is a draft until the next run" in shown
    assert "`run-milestone gates m1` lists the commands that answer." in shown, "nobody is at the prompt any more"
    assert shown.rstrip().endswith("Stopped by panic at the prompt. The same command goes on from there.")
    assert "run ended" in (ada.folder / "state/m1/journal.jsonl").read_text()


# ---- graph and completion -------------------------------------------------------------------------------------


def test_the_graph_shows_how_each_issue_stands(settled):
    facts = json.loads(settled.types("graph", "m1", "--format", "json").out)
    assert {node["name"]: node["status"] for node in facts["nodes"]} == {
        **dict.fromkeys(("bootstrap", "plan-review", "01"), "done"),
        "02": "skipped",
        "phase-1": "waiting",
        "complete": "open",
    }
    assert settled.types("graph", "m1").out.startswith("flowchart LR\n")
    assert settled.types("graph", "m1", "--format", "dot").out.startswith('digraph "m1" {')


def completed(person, *words):
    """What bash offers for the last of these words."""
    script = person.types("completion", "bash").out
    asked = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}"
    command = ["bash", "-c", f'{script}\n{asked}\n_run_milestone\nprintf "%s\\n" "${{COMPREPLY[@]}}"']
    return subprocess.run(command, cwd=person.folder, capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_milestones_and_options(ada):
    (ada.folder / "plans/$(touch bad)").mkdir()
    assert completed(ada, "run-milestone", "statu") == ["status"]
    assert completed(ada, "run-milestone", "status", "m") == ["m1"]
    assert completed(ada, "run-milestone", "run", "--o") == ["--only"]
    assert completed(ada, "run-milestone", "m1", "--o") == ["--only"]
    assert completed(ada, "run-milestone", "plan", "re") == ["review"]
    assert not (ada.folder / "bad").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_their_script(person, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = person.types("completion", shell).out
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
