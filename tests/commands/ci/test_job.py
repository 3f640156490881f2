"""One job: what it tells on its page, what waits and what is red, and how it ends when GitHub cancels it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support.split_run import SplitRun

SECONDS = 10
"""GitHub's: SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL."""


@pytest.fixture
def run(tmp_path):
    """A run whose issues are ready; its plan's title holds markup."""
    run = SplitRun(tmp_path, edit=lambda text: text.replace("Three pages and", "Pages <b>& more</b> and"))
    run.measures_its_baseline()
    run.looks()
    return run


def test_waiting_is_green_and_abort_is_red(run, tmp_path):
    page = tmp_path / "summary.md"
    run.works("01,02,03")
    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    result, _ = run.publishes("--results", str(run.results), env=job)
    assert result.code == 0
    waits = "::notice title=run-milestone::m1 waits for decisions: 03 (approve | skip | abort)"
    assert result.lines[-2:] == [waits, "Ready: nothing"]
    text = page.read_text()
    assert "### Milestone m1" in text
    assert "🛑 #03 The third page" in text
    assert "✓ #02 The second page — PR #2" in text
    assert "run-milestone decide m1 03 approve --state-ref\n" in text
    assert "touch state" not in result.out, "nobody can touch a file of a job"
    assert "Pages &lt;b&gt;&amp; more&lt;/b&gt;" in text, "a plan's text is text"

    run.ada.types("decide", "m1", "03", "abort", "--state-ref")
    result, left = run.publishes(env=job)
    assert (result.code, left) == (1, [])
    assert "aborted" in page.read_text()


def test_a_cancelled_job_hands_back_no_false_marker(run, tmp_path):
    (tmp_path / "hold/01").touch()
    job = run.job(run.given / "project.bundle")
    folders = ["--given", str(run.given), "--result", str(run.results)]
    words = [sys.executable, "-m", "run_milestone", "ci", "work", "m1", "--only", "01", *folders]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, cwd=job.folder, env=dict(os.environ), **pipes) as work:
        while not (tmp_path / "hold/01.begun").exists():
            assert work.poll() is None, work.stdout.read()
            time.sleep(0.02)
        began = time.monotonic()
        work.send_signal(signal.SIGINT)
        out, _ = work.communicate(timeout=SECONDS)
    print(f"figure: a cancelled job ended after {time.monotonic() - began:.1f} s of {SECONDS}")
    assert work.returncode == 130, out
    (tmp_path / "hold/01").unlink()
    result, left = run.closes()
    assert left == [], "what did not get on would go on for ever" + result.out + result.err
    run.looks()
    assert run.works("01").code == 0
    run.closes()
    assert [pull["head"] for pull in run.pulls()] == ["feat/m1-01-the-first-page"]
