"""A person implements: the run says where, holds no process, takes over what is committed, and opens the PR."""

import json
import signal
import subprocess
import sys
import time

import pytest
from support.plans import COLOUR_AND_WEIGHT


@pytest.fixture
def ada(ada):
    ada.plans(COLOUR_AND_WEIGHT)
    return ada


def place_of(result):
    """The worktree that the run names."""
    return next(
        line.split("a worktree of it: ")[1].split(")")[0] for line in result.lines if "a worktree of it: " in line
    )


def work(ada, result, name, value):
    """Commit a small change with its test where the run said to."""
    place = place_of(result)
    with open(f"{place}/widgets.py", "a") as file:
        file.write(f"{name.upper()} = {value!r}\n")
    with open(f"{place}/tests/test_{name}.py", "w") as file:
        file.write(
            f"from widgets import {name.upper()}\n\n\ndef test_{name}():\n    assert {name.upper()} == {value!r}\n"
        )
    ada.git("add", ".", where=place)
    ada.git("commit", "--quiet", f"--message=Add {name}", where=place)


def test_from_init_to_an_open_pull_request(ada):
    result = ada.types("m1")
    assert result.code == 3
    assert "Waiting for a person's commits" in result.out
    assert "touch state/m1/approvals/01.skip" in result.out

    work(ada, result, "colour", "red")
    result = ada.types("m1")
    assert result.code == 3
    assert result.issues() == ["01", "02"]
    assert "✓ Tests: 2 passed" in result.out
    assert [pull["title"] for pull in ada.pulls()] == ["feat(m1): Add a colour"]

    work(ada, result, "weight", 5)
    result = ada.types("m1")
    assert "✓ Tests: 3 passed" in result.out, "the second issue stands on the first, which it depends on"
    assert "✓ Phase 1 complete — 2 PRs ready" in result.out
    assert ada.types("decide", "m1", "phase-1", "continue", "--reason", "read both").code == 0
    result = ada.types("m1")
    assert result.code == 0
    assert "✓ Milestone M1 Complete" in result.out
    assert ada.types("m1").out.startswith("✓ Milestone m1 is complete; nothing to do.")


def test_a_person_learns_where_to_work(ada):
    result = ada.types("m1")
    place, branch = place_of(result), "feat/m1-01-add-a-colour"
    output = ada.types("gates", "m1").out
    for text in (result.out, output):
        assert f"commit your work on {branch}, then run again (a worktree of it: {place})" in text
        assert "Wanted:" in text
        assert "- Widgets have a colour" in text
    assert "run-milestone decide m1 01 skip" in output
    assert "🛑 #01 Add a colour — Waiting for a person's commits" in ada.types("status", "m1").out
    assert "m1:01:implement: will run: gate 01 waits for skip | abort" in ada.types("why", "m1", "1").out
    work(ada, result, "colour", "red")
    assert "will run: the commits that it waited for are there" in ada.types("why", "m1", "1:implement").out


def test_a_pick_from_main_is_not_reviewed(ada, monkeypatch):
    ada.plans(
        COLOUR_AND_WEIGHT.replace("[Widgets have a colour]", "[One]\n        paths: {allow: [widgets.py, tests/]}")
    )
    result = ada.types("m1")
    (ada.folder / "deploy.sh").write_text("echo others' work\n")
    ada.git("add", "deploy.sh", where=".")
    ada.git("commit", "--quiet", "--message=Deploy by hand", where=".")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2037-01-01 12:00 +0000")
    ada.git("cherry-pick", "main", where=place_of(result))
    work(ada, result, "colour", "red")
    result = ada.types("m1")
    assert "✓ Tests: 2 passed" in result.out
    assert "deploy.sh" not in result.out
    assert "deploy.sh" not in ada.pulls()[0]["body"]
    assert [gate["gate"] for gate in json.loads(ada.types("gates", "m1", "--json").out)] == ["02"]
    assert ada.types("verify", "m1").code == 0
    ada.git("revert", "--no-edit", "main", where=".")
    assert "Outside the issue's paths: deploy.sh" in ada.types("m1").out, "what main took back is the issue's again"


def test_people_and_agents_share_a_milestone(ada):
    """Three questions are open at once; each idles what needs it, and one rerun goes on with every answer."""
    code = "import pathlib, re, sys; n = re.search('issue ([0-9]+)', sys.stdin.read())[1]; "
    code += "pathlib.Path(f'made_{n}.py').write_text('MADE = 1\\n')"
    agent = json.dumps({"kind": "command", "command": [sys.executable, "-c", code]})
    (ada.folder / "plans/m1/plan.yaml").write_text(
        COLOUR_AND_WEIGHT
        + f"""      - {{number: 3, title: Be quick, criteria: [It is fast], agent: {agent}}}
      - {{number: 4, title: Be quicker, criteria: [It is fast], agent: {agent}, depends_on: [3]}}
      - {{number: 5, title: Name it, criteria: [It has a name]}}
      - {{number: 6, title: Forgotten, criteria: []}}
commands: {{lint: ["true"], test: ["true"]}}
"""
    )
    result = ada.types("m1")
    assert result.issues() == ["01", "03", "04", "05", "06"], "02 alone needs 01"
    waiting = json.loads(ada.types("gates", "m1", "--json").out)
    assert [(gate["gate"], gate["kind"]) for gate in waiting] == [
        ("01", "human"),
        ("05", "human"),
        ("06", "spec-missing"),
    ]
    assert len(ada.pulls()) == 2
    work(ada, result, "colour", "red")
    ada.touches("05.skip", "06.skip", milestone="m1")
    result = ada.types("m1")
    assert result.issues() == ["01", "02"]
    assert [gate["gate"] for gate in json.loads(ada.types("gates", "m1", "--json").out)] == ["02"]
    work(ada, result, "weight", 5)
    assert "✓ Phase 1 complete — 4 PRs ready, 2 skipped" in ada.types("m1").out


def test_a_skipped_issue_blocks_its_dependents(ada):
    ada.types("m1")
    ada.touches("01.skip", milestone="m1")
    result = ada.types("m1")
    assert result.code == 3
    assert "it depends on issue #01, which was skipped (`unskip` at 01 takes that back)" in result.out
    ada.touches("01.unskip", milestone="m1")
    result = ada.types("m1")
    assert "Waiting for a person's commits" in result.out
    assert "· Gate 02 is withdrawn: what it asked about is " in result.out
    assert [gate["gate"] for gate in json.loads(ada.types("gates", "m1", "--json").out)] == ["01"], "asked as before"
    ada.touches("01.skip", milestone="m1")
    ada.types("m1")
    ada.touches("02.skip", milestone="m1")
    result = ada.types("m1")
    assert "✓ Phase 1 complete — 0 PRs ready, 2 skipped" in result.out


def test_uncommitted_work_and_checkout_are_left_alone(ada):
    (ada.folder / "widgets.py").write_text("# half an idea\n")
    before = ada.git("status", "--porcelain=v2", "--branch", where=".")
    result = ada.types("m1")
    assert "an uncommitted change, left alone" in result.out
    work(ada, result, "colour", "red")
    ada.types("m1")
    assert ada.git("status", "--porcelain=v2", "--branch", where=".") == before
    assert (ada.folder / "widgets.py").read_text() == "# half an idea\n"


def broken(ada):
    """Do the issue's work and break the size, which has a test; returns the tree."""
    result = ada.types("m1")
    place = place_of(result)
    work(ada, result, "colour", "red")
    with open(f"{place}/widgets.py", "a") as file:
        file.write("SIZE = 4\n")
    ada.git("commit", "--quiet", "--all", "--message=Break the size", where=place)
    return place


def test_failing_tests_wait_for_a_persons_fix(ada):
    place = broken(ada)
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 Tests failing (attempt 1/2)" in result.out
    assert "- test_size" in result.out

    ada.touches("01.fix", milestone="m1")
    result = ada.types("m1")
    assert "Waiting for a person's commits" in result.out, "asking for a fix is not a fix"
    ada.git("revert", "--no-edit", "HEAD", where=place)
    result = ada.types("m1")
    assert "✓ Tests: 2 passed" in result.out


def test_an_answer_holds_for_the_shown_change(ada):
    place = broken(ada)
    ada.types("m1")
    ada.touches("01.fix", milestone="m1")
    with open(f"{place}/widgets.py", "a") as file:
        file.write("SIZE = 5\n")
    ada.git("commit", "--quiet", "--all", "--message=Break it differently", where=place)
    result = ada.types("m1")
    assert "Approval 01.fix was not taken: the change of 01 has moved since it was shown" in result.out
    assert (ada.folder / "state/m1/approvals/stale/01.fix.1").exists()
    assert "🛑 Tests failing (attempt 1/2)" in result.out


def test_an_interrupt_loses_nothing(ada):
    plan = ada.folder / "plans/m1/plan.yaml"
    started = ada.folder.parent / "started"
    sleeper = f"import pathlib, time; pathlib.Path('{started}').touch(); time.sleep(600)"
    plan.write_text(
        f'{COLOUR_AND_WEIGHT}sandbox: {{kind: none}}\ncommands: {{test: ["{{python}}", "-c", "{sleeper}"]}}\n'
    )
    for command in (["-m", "run_milestone", "m1"], ["-m", "doit", "run", "m1"]):
        run = subprocess.Popen(
            [sys.executable, *command], cwd=ada.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert next(line for line in run.stdout if "Milestone: m1" in line)
        wait_for(started)
        started.unlink()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)
        assert run.returncode == 130, out + err
        assert "interrupted. Progress is saved" in err
        assert "Traceback" not in err
    plan.write_text(COLOUR_AND_WEIGHT)
    assert "Waiting for a person's commits" in ada.types("m1").out


def wait_for(path):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)
