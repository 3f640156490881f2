"""How a run goes, flag by flag: alone, dry, watching, counted, within its budget, and several issues at a time."""

import contextlib
import getpass
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import jsonschema
import pytest
from support.plans import command, issue, parts

from run_milestone.core.schemas import read_schema

AGENT = """
import pathlib, re, sys, time
prompt = sys.stdin.read()
number, attempt = (re.search(words + " ([0-9]+)", prompt).group(1) for words in ("Make part", "attempt"))
{before}
docstring = '"' * 3 + f"Part {number}." + '"' * 3
pathlib.Path(f"part_{number}.py").write_text(f"{docstring}\\n\\nPART, ATTEMPT = {number}, {attempt}\\n{more}")
"""


def agent(before="", more=""):
    """An agent that writes one file per issue."""
    return command(AGENT.replace("{before}", before).replace("{more}", more))


def plan(person, *phases, by=None, test="pass", **settings):
    commands = {"lint": ["true"], "test": ["{python}", "-c", test]}
    person.plans(parts(*phases, agent=by or agent(), commands=commands, **settings))


def decided(person):
    folder = person.folder / "state/m1/decisions"
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [(row["gate"], row["verb"], row["who"]) for row in rows]


def everything(folder):
    """Every file and folder with its content, mode and time."""
    files = {}
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() else os.readlink(path) if path.is_symlink() else None
        files[str(path.relative_to(folder))] = (facts.st_mode, facts.st_mtime_ns, content)
    return files


# ---- autonomous ---------------------------------------------------------------------------------------------------

FAILS_IN_2 = "import pathlib, sys; sys.exit(pathlib.Path('part_2.py').exists())"


def test_autonomous_it_fixes_then_skips_then_completes(ada):
    plan(ada, [issue(1), issue(2)], [issue(3), issue(4, depends_on=[2])], test=FAILS_IN_2)
    result = ada.types("m1", "--autonomous")
    assert result.code == 0
    assert decided(ada) == [
        ("02", "fix", "autonomous"),
        ("02", "skip", "autonomous"),
        ("phase-1", "continue", "autonomous"),
        ("04", "skip", "autonomous"),
        ("phase-2", "continue", "autonomous"),
    ]
    report = result.out[result.out.index("Autonomous run of m1") :]
    assert "Attempted: 4 issues" in report
    assert "✅ Completed: 2 (#01, #03)" in report
    assert "#02: tests failing (attempt 2 of 2) - the test command ended with exit code 1" in report
    assert "#04: blocked by an issue it depends on - it depends on issue #02, which was skipped" in report
    assert "1. Look at skipped issue #02 Make part 2" in report
    assert "touch state" not in result.out, "nobody is asked, so nobody is told how to answer"


def test_unskip_restores_all_attempts(ada):
    plan(ada, [issue(1)], by={"kind": "command", "command": ["false"]})
    assert ada.types("m1", "--autonomous").code == 0
    ada.types("decide", "m1", "1", "unskip")
    result = ada.types("m1")
    assert "🛑 Implementation failed (attempt 1/2)" in result.out
    assert "touch state/m1/approvals/01.retry" in result.out
    result = ada.types("m1", "--autonomous")
    assert [verb for _, verb, _ in decided(ada)] == ["retry", "skip", "continue", "unskip", "retry", "skip"]
    assert "  ⏭️ Auto-skipped: 1\n     #01: implementation failed (attempt 2 of 2)" in result.out, "as it stands"
    page = (ada.folder / "state/m1/report.html").read_text()
    assert "decisions by people, each recorded, and 5 by an autonomous run" in page


def test_autonomous_it_aborts_at_a_secret(ada):
    key = "AKIA" + "QX7TZ3M5LB2VN8RC"
    plan(ada, [issue(1)], by=agent(more=f"KEY = '{key}'\\n"))
    result = ada.types("m1", "--autonomous")
    assert result.code == 1
    assert decided(ada) == [("01", "abort", "autonomous")]
    assert "Gate 01 ended the run (secret in the change" in result.out
    assert not (ada.folder / ".git/run-milestone/remote.forge/pulls").exists()


def test_autonomous_it_leaves_a_persons_issue_open(ada):
    plan(ada, [issue(1, agent={"kind": "human"}), issue(2)])
    result = ada.types("m1", "--autonomous", "--jobs", "2")
    assert result.code == 3
    assert decided(ada) == []
    assert "✅ Completed: 1 (#02)" in result.out
    assert "1. Gate 01 waits (Waiting for a person's commits" in result.out


# ---- dry run ------------------------------------------------------------------------------------------------------


def test_a_dry_run_of_a_fresh_project(ada):
    first = issue(1, paths={"allow": ["alembic/versions/**"]})
    second = issue(2, paths={"allow": [".github/workflows/*.yml", "src/auth/login.py"]}, depends_on=[1])
    sensitive = {"auth": ["src/auth/**"]}
    plan(ada, [first, second, issue(3, agent={"kind": "human"}), issue(4, criteria=[])], sensitive=sensitive)
    before = everything(ada.folder.parent)
    result = ada.types("m1", "--dry-run")
    assert result.code == 0
    assert everything(ada.folder.parent) == before
    assert "  bootstrap: it has not run yet" in result.out
    assert "  02: branch … review-gate: plan-review comes first" in result.out
    assert "01: label needs-db-review: its path alembic/versions/** may reach migrations" in result.out
    assert "02: label needs-human: its path .github/workflows/*.yml may reach a protected surface" in result.out
    assert "02: Outside the issue's scope: its path src/auth/login.py may reach sensitive code (auth)" in result.out
    assert "03: Waiting for a person's commits" in result.out
    assert "04: Issue is not specified" in result.out
    assert "🛑 phase-1: Phase complete — continue | skip-phase | abort" in result.out


def test_a_dry_run_half_way_through(ada):
    plan(ada, [issue(1), issue(2, agent={"kind": "human"})])
    assert ada.types("m1").code == 3
    ada.touches("02.skip", milestone="m1")
    before = everything(ada.folder.parent)
    result = ada.types("m1", "--dry-run")
    assert everything(ada.folder.parent) == before
    assert "Answers to be taken up:\n  02.skip\n" in result.out
    assert "  02: implement … review-gate: gate 02 waits for skip | abort" in result.out
    assert "  01:" not in result.out
    assert "🛑 02: Waiting for a person's commits (it waits already)" in result.out


def test_a_dry_run_makes_no_sample_repository(person):
    from pathlib import Path
    from shutil import copytree

    copytree(Path(__file__).parents[2] / "plans", person.folder / "plans")
    before = everything(person.folder)
    result = person.types("m4.1", "--dry-run")
    assert result.code == 0
    assert "  bootstrap: its repository would be made from the plan's sample" in result.out
    assert everything(person.folder) == before


# ---- saying and counting ------------------------------------------------------------------------------------------


def test_a_dry_run_shows_only_unfinished_issues(ada):
    plan(ada, [issue(1)])
    ada.types("m1")
    plan(ada, [issue(1), issue(2)])
    output = ada.types("m1", "--dry-run").out
    assert "Next steps:\n  plan-review: changed since: plan\n  02: branch … review-gate: plan-review comes" in output
    assert "m1:01:test: done" in ada.types("why", "m1", "1").out


def test_verbose_explains_every_task(ada):
    plan(ada, [issue(1)])
    result = ada.types("m1", "--verbose")
    assert "· 01:branch runs: it has not run yet, or its marker was deleted" in result.out
    assert "· 01:inspect-gate passes: there is nothing to decide" in result.out
    (ada.folder / "state/m1/issues/01/test.json").unlink()
    result = ada.types("m1", "--verbose")
    assert "· 01:test runs: it has not run yet, or its marker was deleted" in result.out
    assert "· 01:lint is done: nothing it works from has changed since" in result.out


def test_verbose_explains_every_stop(ada):
    plan(ada, [issue(1)], test=FAILS_IN_2.replace("part_2", "part_1"))
    result = ada.types("m1", "--verbose")
    assert "· 01:test-gate asks: `tests`, 1 finding, attempt 1 of 2; --autonomous would fix, then skip" in result.out
    ada.touches("01.skip", milestone="m1")
    result = ada.types("m1", "--verbose")
    assert "· phase-1 asks: `phase`, 1 finding; --autonomous would continue" in result.out


def test_metrics_count_over_all_runs(ada):
    plan(ada, [issue(1), issue(2)], test=FAILS_IN_2)
    assert ada.types("m1").code == 3
    ada.types("decide", "m1", "02", "fix")
    assert ada.types("m1", "--metrics").code == 3
    facts = ada.reads("metrics.json")
    jsonschema.validate(facts, json.loads(read_schema("metrics")))
    assert facts["runs"] == 2
    assert facts["steps"]["implement"]["ran"] == 3
    assert facts["steps"]["implement"]["unknown_costs"] == 3
    assert facts["all"]["cost"] is None
    assert facts["issues"]["02"]["attempts"] == 2
    assert facts["phases"]["phase-1"]["seconds"] > 0
    assert facts["stops"] == {"tests": 2}
    assert facts["decisions"] == {"fix": 1}
    first, second = facts["gates"]
    assert (first["verb"], second["verb"]) == ("fix", None)
    assert first["waited"] >= 0
    assert second["waited"] is None


# ---- only ---------------------------------------------------------------------------------------------------------


def test_only_some_issues_are_done_when_they_are(ada):
    plan(ada, [issue(1), issue(2, depends_on=[3]), issue(3, agent={"kind": "human"})])
    result = ada.types("m1", "--only", "1")
    assert (result.code, result.issues()) == (0, ["01"])
    result = ada.types("m1", "--only", "2")
    assert result.code == 3, "what it needs waits, so it waits"
    assert ada.types("m1", "--only", "1").code == 0, "what others wait for is no business of its"
    assert "✓ Done: #01" in ada.types("m1", "--only", "1,01").out


# ---- questions ----------------------------------------------------------------------------------------------------


def test_an_open_question_is_not_repeated(ada):
    plan(ada, [issue(1)], [issue(2, agent={"kind": "human"})])
    for gate, answer in (("phase-1", "continue"), ("02", "skip")):
        asked = [(ada.types("m1").code, ada.reads(f"gates/{gate}.json")["opened"]) for _ in range(2)]
        assert asked == [(3, asked[0][1])] * 2, "an answer touched while a run works is no older than its question"
        ada.touches(f"{gate}.{answer}", milestone="m1")
    journal = (ada.folder / "state/m1/journal.jsonl").read_text()
    assert journal.count('"gate opened"') == 2
    assert "1. Answer 02: `run-milestone gates m1` lists" in (ada.folder / "state/m1/summary.md").read_text()


def test_a_phase_lists_accepted_risks(ada):
    plan(ada, [issue(1)], limits={"lines": 1})
    assert "🛑 Large change" in ada.types("m1").out
    assert "* PR #1 — Make part 1 ⚠️ Approved: large change" in ada.answers("01.approve").lines


def test_equal_questions_of_two_issues_stay_apart(ada):
    plan(ada, [issue(1), issue(2)], by={"kind": "command", "command": ["false"]})
    result = ada.types("m1", "--jobs", "2")
    assert result.out.count("🛑 Implementation failed (attempt 1/2)") == 2
    for number in ("01", "02"):
        assert f"touch state/m1/approvals/{number}.retry" in result.out


# ---- watching -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def watching(person):
    """A run that watches; one that hangs is ended after a minute, so that a test fails instead of hanging."""
    command = [sys.executable, "-u", "-m", "run_milestone", "m1", "--watch"]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=person.folder, **how) as run:
        patience = threading.Timer(60, run.kill)
        patience.start()
        yield run
        run.wait()
        patience.cancel()


def until(run, text):
    """Read what a run says until it says this."""
    output = []
    for line in run.stdout:
        output.append(line)
        if text in line:
            return "".join(output)
    raise AssertionError("".join(output))


def test_watching_continues_with_every_answer(ada):
    plan(ada, [issue(1)], [issue(2, agent={"kind": "human"})])
    with watching(ada) as run:
        until(run, "Waiting for answers in state/m1/approvals")
        ada.touches("phase-1.continue", milestone="m1")
        place = until(run, "a worktree of it: ").split("a worktree of it: ")[1].split(")")[0]
        until(run, "Waiting for answers")
        (ada.folder / place / "part_2.py").write_text("PART = 2\n")
        ada.git("add", ".", where=place)
        ada.git("commit", "--quiet", "--message=Make part 2", where=place)
        until(run, "continue | skip-phase | abort")
        ada.touches("phase-2.continue", milestone="m1")
        until(run, "✓ Milestone M1 Complete")
        run.stdout.read()
    assert run.returncode == 0


def test_watching_is_idle_and_interruptible(ada):
    plan(ada, [issue(1, agent={"kind": "human"})])
    with watching(ada) as run:
        until(run, "Waiting for answers")
        before = used(run.pid)
        time.sleep(1)
        assert used(run.pid) - before < 0.2, "seconds of processor time in a second of waiting"
        run.send_signal(signal.SIGINT)
        output = run.stdout.read()
    assert run.returncode == 130
    assert "interrupted. Progress is saved" in output


def used(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- budgets ------------------------------------------------------------------------------------------------------


def test_used_up_time_needs_a_larger_limit(ada):
    plan(ada, [issue(1), issue(2)], by=agent(before="time.sleep(1.1)"), limits={"time": "1s"})
    result = ada.types("m1")
    assert result.code == 4
    assert "🛑 Budget reached" in result.out
    assert "1. The time of its steps is used up (time 1s)" in result.out
    assert result.out.count("🛑") == 1, "one question, however many issues it stops"
    assert ada.types("m1").code == 4, "a new run has used as much"

    assert ada.types("decide", "m1", "budget", "approve").code == 2
    refused = ada.types("decide", "m1", "budget", "approve", "--reason", "time 1s")
    assert "its reason has to name a larger limit, for example `time 2s`" in refused.err
    ada.touches("budget.approve", milestone="m1")
    result = ada.types("m1")
    assert result.code == 4
    assert "Approval budget.approve was not taken: its reason has to name a larger limit" in result.out

    (ada.folder / "state/m1/approvals/budget.approve").write_text("time 2h\n")
    result = ada.types("m1")
    assert result.code == 3
    assert "✓ Phase 1 complete — 2 PRs ready" in result.out
    assert not (ada.folder / "state/m1/gates/budget.json").exists()


def test_the_time_flag_overrides_the_plan(ada):
    plan(ada, [issue(1)], by=agent(before="time.sleep(1.1)"))
    assert ada.types("m1", "--max-time", "1", "--autonomous").code == 4
    assert decided(ada) == [("budget", "abort", "autonomous")]
    result = ada.types("m1", "--max-time", "90m")
    assert result.code == 3
    assert "Budget" not in result.out


def test_used_up_attempts_stop_only_further_attempts(ada):
    plan(ada, [issue(1), issue(2), issue(3, agent={"kind": "human"})], limits={"all_attempts": 1})
    result = ada.types("m1")
    assert result.code == 4
    assert "1. The attempts of its agents are used up (attempts 1)" in result.out
    assert "Used: 1 of 1 attempt of agents" in result.out
    assert "✓ PR #1 created" in result.out, "what needs no attempt goes on"
    assert "Waiting for a person's commits" in result.out
    assert ada.types("m1").code == 4, "a new run has used as many"
    assert ada.types("decide", "m1", "budget", "approve", "--reason", "attempts 5").code == 0
    result = ada.types("m1")
    assert result.code == 3
    assert "✓ PR #2 created" in result.out


def test_an_unknown_cost_is_never_zero(ada):
    plan(ada, [issue(1)], limits={"money": "0.50"})
    result = ada.types("m1")
    assert "Cost: unknown for 1 attempt; the limit on money counts only what is known." in result.out
    assert '"cost": null' in (ada.folder / "state/m1/journal.jsonl").read_text()
    assert "Cost: unknown" not in ada.types("m1").out, "a run without an agent has nothing to say of it"


@pytest.mark.parametrize(
    ("flag", "value", "output"),
    [("--max-time", "soon", "is no duration"), ("--max-cost", "0", "is no amount of US dollars")],
)
def test_a_limit_that_is_none_is_refused(ada, flag, value, output):
    result = ada.types("m1", flag, value)
    assert result.code == 2
    assert output in result.err


# ---- on a terminal ------------------------------------------------------------------------------------------------


def on_terminal(person, *words, **env):
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    how = {"cwd": person.folder, "env": {**os.environ, "TERM": "xterm", **env}, "stdin": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-m", "run_milestone", *words], stdout=theirs, **how) as run:
        os.close(theirs)
        output = b""
        while piece := _read(ours):
            output += piece
    os.close(ours)
    return run.returncode, output.decode()


def _read(descriptor):
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(("env", "shown"), [({}, True), ({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, False)])
def test_a_terminal_shows_progress(ada, env, shown):
    plan(ada, [issue(1)], by=agent(before="time.sleep(1.5)"))
    code, output = on_terminal(ada, "m1", **env)
    assert code == 3
    assert ("\r… 01:implement 1 s" in output) is shown
    assert "\x1b" not in output
    last = [line.rstrip("\r").rpartition("\r")[2] for line in output.split("\n")]
    assert not any("01:implement 1 s" in line for line in last), "the line is gone when something is said"


def test_without_a_terminal_there_is_no_progress(ada):
    plan(ada, [issue(1)], by=agent(before="time.sleep(1.5)"))
    assert "\r" not in ada.types("m1").out


# ---- leaving something out ----------------------------------------------------------------------------------------


def test_a_skipped_review_is_made_later(ada):
    plan(ada, [issue(1)], by=agent(more="import os\\n"))
    result = ada.types("m1", "--skip-code-review", "--skip-plan-review")
    who = getpass.getuser()
    assert f"⚠️ Plan review was left out by {who} (--skip-plan-review)" in result.out
    assert f"⚠️ Code review was left out by {who} (--skip-code-review)" in result.out
    assert "No issues found" not in result.out
    assert "* PR #1 — Make part 1 [review-pending] ⚠️ Not reviewed" in result.out
    assert ada.pulls()[0]["labels"] == ["review-pending"]
    facts = ada.reads("summary.json")
    jsonschema.validate(facts, json.loads(read_schema("summary")))
    assert facts["prs"] == {"created": 1, "clean": 0, "fixed": 0, "approved": 0, "unreviewed": 1}
    assert "Pre-execution: review left out" in (ada.folder / "state/m1/summary.md").read_text()
    assert "Code review..." not in ada.types("m1", "--skip-code-review", "--skip-plan-review").out

    assert "01:review: will run: it was left out" in ada.types("why", "m1", "01:review").out
    result = ada.types("m1")
    assert "Invoking plan-review..." in result.out
    assert "🛑 Code review: 1 issue" in result.out
    assert ada.pulls()[0]["labels"] == []


def test_without_worktrees_issues_share_one_tree(ada):
    plan(ada, [issue(1), issue(2), issue(3, agent={"kind": "human"})])
    assert ada.types("m1", "--no-worktree", "--jobs", "2").code == 2
    (ada.folder / "widgets.py").write_text("# half an idea\n")
    ada.git("stash", where=".")
    (ada.folder / "half.py").write_text("# another\n")
    ada.git("add", "half.py", where=".")
    before = [ada.git("status", "--porcelain=v2", "--branch", where="."), ada.git("stash", "list", where=".")]
    result = ada.types("m1", "--no-worktree")
    assert result.code == 3
    assert "in your own checkout: `git switch feat/m1-03-make-part-3`" in result.out
    trees = sorted(path.name for path in (ada.folder.parent / "widgets.worktrees").iterdir())
    assert trees == ["m1-all", "m1-base"]
    assert [ada.git("status", "--porcelain=v2", "--branch", where="."), ada.git("stash", "list", where=".")] == before

    ada.git("commit", "--quiet", "--message=Keep half", where=".")
    ada.git("switch", "--quiet", "feat/m1-03-make-part-3", where=".")
    (ada.folder / "part_3.py").write_text("PART = 3\n")
    ada.git("add", "part_3.py", where=".")
    ada.git("commit", "--quiet", "--message=Make part 3", where=".")
    result = ada.types("m1", "--no-worktree")
    assert "✓ PR #3 created" in result.out
    assert ada.git("branch", "--show-current", where=".") == "feat/m1-03-make-part-3", "nobody's checkout is moved"
