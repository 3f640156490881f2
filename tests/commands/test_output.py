"""What a command prints reaches any terminal, and a closed or full output ends in a sentence."""

import errno
import io
import sys

import pytest

from run_milestone import __main__ as entry
from run_milestone.core import fastpath


class Closed:
    """An output that takes nothing more."""

    def __init__(self, number):
        self.number = number

    def write(self, _):
        raise OSError(self.number, "it takes nothing")

    flush = write


def test_a_terminal_without_unicode_shows_the_rest(newcomer):
    assert newcomer.types("init").code == 0
    result = newcomer.types("plan", "check", "m1", env={"PYTHONIOENCODING": "ascii"})
    assert "? plans/m1/plan.yaml: 1 issue in 1 phase" in result.out
    assert "Traceback" not in result.err


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_a_seal_that_cannot_be_printed(monkeypatch, number):
    monkeypatch.setattr(fastpath, "read_from", lambda *_: (0, {"status": "Milestone m1"}))
    monkeypatch.setattr(sys, "argv", ["run-milestone", "status", "m1"])
    monkeypatch.setattr(sys, "stdout", Closed(number))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert entry.main() != 0
