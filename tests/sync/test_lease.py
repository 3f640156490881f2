"""A lock of the remote ends by itself once its machine is lost, and lives while its run does, whatever clocks say."""

import os
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from support.lost_machine import ATTEMPT, check_end, ended_at

from run_milestone.core.errors import BusyError, DamagedStateError, OutsideError
from run_milestone.model import Milestone
from run_milestone.sync import remote_lock
from run_milestone.sync.remote_lock import ExpiredError
from run_milestone.sync.shared_state import SharedState, take_lock

SHORT = """
from run_milestone.model import Milestone
from run_milestone.sync import remote_lock
remote_lock.LEASE, remote_lock.RENEWAL = 2, 0.6
"""
A_CLOCK_BEHIND = "remote_lock._now = lambda: '2020-01-01T00:00:00+00:00'\n"
NOW = datetime.now(UTC)
CLOCKS = {
    "an hour ago": NOW - timedelta(hours=1),
    "a year ahead": NOW + timedelta(days=365),
    "in another zone": (NOW - timedelta(hours=1)).replace(tzinfo=None),
}


@pytest.fixture
def short(monkeypatch):
    """Let a lock end after a second, and be renewed five times in it."""
    monkeypatch.setattr(remote_lock, "LEASE", 1)
    monkeypatch.setattr(remote_lock, "RENEWAL", 0.2)


@pytest.fixture
def env(tmp_path):
    """The environment in which runs have locks that end after a second; `more` is done at their start."""

    def make(name, more=""):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sitecustomize.py").write_text(SHORT + more)
        return {"PYTHONPATH": str(tmp_path / name)}

    return make


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("renewed", CLOCKS.values(), ids=CLOCKS)
def test_a_lock_that_stays_still_ends(machine, monkeypatch, renewed):
    ada, bob = machine("ada"), machine("bob")
    with monkeypatch.context() as patched:
        patched.setattr(remote_lock, "_now", renewed.isoformat)
        ada.sync.lock.take(None, named=False)
    lines = list(take_lock(bob.sync.lock, None, named=False))
    assert ["If it does not move in 1s" in lines[0], "ended: its run renews it no longer" in lines[1]] == [True, True]
    with pytest.raises(BusyError, match="its lock ends 1s after"):
        ada.sync.lock.renew()
    ada.marks("01:lint", fixed=1)
    with pytest.raises(BusyError, match="is being run by"):
        ada.push()


@pytest.mark.usefixtures("short")
def test_a_lock_that_moves_never_ends(machine, monkeypatch):
    ada, bob = machine("ada"), machine("bob")
    monkeypatch.setattr(remote_lock, "_now", CLOCKS["an hour ago"].isoformat)
    run = SharedState()
    assert list(run.lock(Milestone("m1", "Parts", "milestone/m1", ()), ada.state, ada.git)) == []
    with pytest.raises(BusyError, match="is being run by"):
        list(take_lock(bob.sync.lock, None, named=False))
    run.confirm(required=True)
    assert run.release() == []
    assert bob.sync.lock.take(None)


def test_another_runs_lock_is_left_silently(machine):
    ada, bob, run = machine("ada"), machine("bob"), SharedState()
    assert list(run.lock(Milestone("m1", "Parts", "milestone/m1", ()), ada.state, ada.git)) == []
    bob.sync.lock.release(ada.sync.lock.read(ada.sync.refs.look()).id)
    other = bob.sync.lock.take(None)
    assert run.release() == []
    assert ada.sync.lock.read(ada.sync.refs.look()) == other


def test_a_fresh_lock_is_not_watched(machine):
    ada, bob = machine("ada"), machine("bob")
    ada.sync.lock.take(None, named=False)
    with pytest.raises(BusyError, match="its lock ends 3m after") as refused:
        bob.sync.lock.take(None, named=False)
    assert not isinstance(refused.value, ExpiredError)


def test_jobs_renew_one_lock_for_each_other(machine):
    ada, bob = machine("ada"), machine("bob")
    lock = ada.sync.lock.take("run-17")
    assert lock.lease == 6 * 3600, "nobody renews it between two jobs"
    bob.sync.lock.take("run-17")
    for one in (ada, bob, ada):
        one.sync.lock.renew()
        one.marks("01:lint", fixed=1)
        one.push()


def test_a_lock_of_the_version_before_stays(machine, monkeypatch):
    ada, bob = machine("ada"), machine("bob")
    before = '{"id": "abc", "holder": "ada", "host": "here", "since": "2020-01-01T00:00:00+00:00"}'
    ada.sync.refs.swap({"lock": (None, ada.sync.refs.commit({"lock.json": before.encode()}, None, "Run\n"))})
    with pytest.raises(BusyError, match="`run-milestone state unlock m1 --lock abc` and run again"):
        bob.sync.lock.take(None)
    ada.sync.lock.take("abc")
    ada.sync.lock.renew()
    assert ada.sync.refs.look().refs["lock"] == ada.sync.lock.held


def test_sleep_before_the_answer_counts(machine, monkeypatch):
    ada, bob, clock = machine("ada"), machine("bob"), [1000.0]
    monkeypatch.setattr(remote_lock, "_awake", lambda: clock[0])
    lock = ada.sync.lock.take(None, named=False)
    swap = ada.sync.refs.swap

    def sleeping(swaps):
        error = swap(swaps)
        clock[0] += 600
        bob.sync.lock.release(lock.id)
        bob.sync.lock.take(None, named=False)
        return error

    with monkeypatch.context() as patched:
        patched.setattr(ada.sync.refs, "swap", sleeping)
        ada.sync.lock.renew()
    with pytest.raises(BusyError, match="is being run by"):
        ada.sync.lock.confirm()


@pytest.mark.usefixtures("short")
def test_a_remote_that_keeps_locks_says_so(machine, hub, monkeypatch):
    ada, bob = machine("ada"), machine("bob")
    monkeypatch.setattr(remote_lock, "_now", CLOCKS["an hour ago"].isoformat)
    ada.sync.lock.take(None, named=False)
    (hub / "hooks" / "update").write_text('#!/bin/sh\ntest "$3" != 0000000000000000000000000000000000000000\n')
    (hub / "hooks" / "update").chmod(0o755)
    with pytest.raises(OutsideError, match=r"The lock cannot be removed: .*hook declined"):
        list(take_lock(bob.sync.lock, None, named=False))


def test_an_endless_lease_is_no_lock(machine):
    ada = machine("ada")
    made = b'{"id": "abc", "holder": "ada", "host": "here", "since": "2020-01-01T00:00:00+00:00", "lease": 1e999}'
    ada.sync.refs.swap({"lock": (None, ada.sync.refs.commit({"lock.json": made}, None, "Run\n"))})
    with pytest.raises(DamagedStateError, match="was not made by run-milestone"):
        ada.sync.lock.take(None)


def test_a_killed_runs_lock_ends_by_itself(project, env):
    clone = project("shop")
    assert ended_at(clone, "post-receive", 9, "KILL", env("behind", A_CLOCK_BEHIND)).code == -9
    after = clone("after")
    result = after.types("m1", "--autonomous", "--state-ref", env=env("short"))
    assert result.code == 0, result.out + result.err
    assert "ended: its run renews it no longer" in result.out
    check_end(after)
    print("figure: kills converged: 1 / 1")


def test_a_suspended_run_sends_nothing_more(project, env):
    clone = project("shop")
    hub = clone("looks").folder.parents[1] / "hub.git"
    os.mkfifo(hub / "stopped")
    ends = []
    how = ("post-receive", ATTEMPT, "STOP", env("behind", A_CLOCK_BEHIND))
    thread = threading.Thread(target=lambda: ends.append(ended_at(clone, *how)))
    thread.start()
    pid = int((hub / "stopped").read_text())
    after = clone("after")
    result = after.types("m1", "--only", "01", "--autonomous", "--state-ref", env=env("short"))
    assert result.code == 0, result.out + result.err
    sent = after.git("ls-remote", "origin", where=".")
    os.kill(pid, signal.SIGCONT)
    thread.join()
    assert ends[0].code == 5, ends[0].out + ends[0].err
    assert "The lock of this run of m1 was taken away" in ends[0].err
    assert after.git("ls-remote", "origin", where=".") == sent
