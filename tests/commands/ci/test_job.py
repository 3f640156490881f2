"""One job: what it tells on its page, what waits and what is red, and how it ends when GitHub cancels it."""

import os
import signal
import subprocess
import sys
import time

import pytest

PLAN = """\
id: m1
title: Pages <b>& more</b>
agent: {{kind: command, command: [sh, -c, "cat > /dev/null; {agent}"]}}
sandbox: {{kind: none}}  # the agents say by files outside their trees how far they are
repository: {{remote: ../widgets.git}}
commands:
  lint: ["true"]
  test: [sh, -c, "echo '<testsuite><testcase classname=\\"a\\" name=\\"b\\"/></testsuite>' > $0", "{{junit}}"]
phases:
  - issues:
      - {{number: 1, title: One, criteria: [It is there], paths: {{allow: ["other/**"]}}}}
      - {{number: 2, title: Two, criteria: [It is there]}}
      - {{number: 3, title: Three, criteria: [It is there], depends_on: [1]}}
"""
WRITES = "echo page > page"
SECONDS = 10
"""GitHub's: SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL."""


@pytest.fixture
def ada(ada):
    def plans(agent):
        ada.plans(PLAN.format(agent=agent))
        return ada

    return plans


def test_a_waiting_job_is_green_and_explained(ada, tmp_path):
    page, output = tmp_path / "summary.md", tmp_path / "output"
    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page), "GITHUB_OUTPUT": str(output)}
    result = ada(WRITES).types("ci", "run", "m1", env=job)
    assert result.code == 0
    assert result.lines[-1].startswith(
        "::notice title=run-milestone::m1 waits for decisions: 01 (approve | skip | abort)"
    )
    text = page.read_text()
    assert "### Milestone m1" in text
    assert "🛑 #01 One" in text
    assert "✓ #02 Two — PR #1" in text
    assert "run-milestone decide m1 01 approve --state-ref\n" in text
    assert "touch state" not in result.out, "nobody can touch a file of a job"
    assert "Pages &lt;b&gt;&amp; more&lt;/b&gt;" in text, "a plan's text is text"


def test_a_job_without_progress_is_red(ada):
    result = ada(WRITES).types("ci", "run", "m1", "--only", "3")
    assert result.code == 3
    assert "::notice" not in result.out


def test_a_failed_job_is_red_and_explained(ada, tmp_path):
    page = tmp_path / "summary.md"
    person = ada(WRITES)
    person.types("ci", "run", "m1")
    person.touches("01.abort", milestone="m1")
    result = person.types("ci", "run", "m1", env={"GITHUB_STEP_SUMMARY": str(page)})
    assert result.code == 1
    assert "aborted" in page.read_text()


def test_a_cancelled_job_leaves_no_false_marker(ada, tmp_path):
    begun, person = tmp_path / "begun", ada(f"touch {tmp_path}/begun; sleep 600")
    words = [sys.executable, "-m", "run_milestone", "ci", "run", "m1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, cwd=person.folder, env=dict(os.environ), **pipes) as run:
        while not begun.exists():
            assert run.poll() is None, run.stdout.read()
            time.sleep(0.02)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=SECONDS)
    print(f"figure: a cancelled job ended after {time.monotonic() - began:.1f} s of {SECONDS}")
    assert run.returncode == 130, out
    markers = person.folder / "state/m1/issues/01"
    assert [path.name for path in markers.iterdir()] == ["branch.json"]

    assert ada(WRITES).types("ci", "run", "m1").code == 0
    assert "✓ #02 Two — PR #1" in person.types("status", "m1").out
