"""Runs on a GitHub on this machine: log in there, and kill a run when it asks for something."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from support import loopback


@contextmanager
def github_for(folder, monkeypatch):
    """A GitHub on this machine, and somebody who is logged in there."""
    github = loopback.GitHub(folder / "hub")
    for name, value in github.environment(folder / "operator").items():
        monkeypatch.setenv(name, value)
    try:
        yield github
    finally:
        github.close()


def push_to(github, person):
    """Make the repository of that GitHub, and push what a person has to it."""
    bare = str(github.hosted.bare)
    person.git("init", "--quiet", "--bare", "--initial-branch=main", bare, where=".")
    person.git("push", "--quiet", bare, "main", where=".")


def killed_when_asked(person, github, command, what, skipped):
    """Kill a run once GitHub is asked for `what`, after `skipped` times of it; tell whether it came so far."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    seen, killed = [], []

    def kill():
        seen.extend(name for name in github.asked[-1:] if what in name)
        if len(seen) > skipped and not killed:
            killed.append(os.kill(run.pid, signal.SIGKILL))

    words = [sys.executable, "-m", "run_milestone", *command]
    run = subprocess.Popen(words, cwd=person.folder, start_new_session=True, **quiet)
    github.overhear = kill
    run.wait(timeout=600)
    github.overhear = lambda: None
    return bool(killed)
