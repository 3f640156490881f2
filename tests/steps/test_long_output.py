"""Tests that print megabytes: their outcome is read whole, and their log stays short."""

import sys

import pytest

from run_milestone.adapters.process import KEEP, Processes
from run_milestone.model import Commands
from run_milestone.steps.run_tests import run_suite
from run_milestone.steps.workplace import Workplace

GO = """\
import json
for number in range(9_000):
    event = {"Package": "shop", "Test": f"TestTotal/{number}"}
    print(json.dumps({"Action": "output", **event, "Output": "total " * 50}))
    print(json.dumps({"Action": "fail" if number == 4_500 else "pass", **event}))
"""
CARGO = """\
for number in range(9_000):
    print("total " * 50)
    print(f"test total_{number} ... {'FAILED' if number == 4_500 else 'ok'}")
print("test result: FAILED. 8999 passed; 1 failed")
"""
TAP = """\
print("TAP version 13")
for number in range(9_000):
    print("# " + "total " * 50)
    print(f"{'not ' if number == 4_500 else ''}ok {number} - total {number}")
"""


@pytest.mark.parametrize("program", [GO, CARGO, TAP], ids=["go", "cargo", "tap"])
def test_megabytes_of_output_are_read_whole(tmp_path, program):
    processes, log = Processes(), tmp_path / "test.log"
    try:
        result = run_suite(processes, Commands(test=(sys.executable, "-c", program)), Workplace(tmp_path), log)
    finally:
        processes.stop()
    assert (len(result.passed), len(result.failed)) == (8_999, 1)
    assert "4500" in result.failed[0].replace("_", "")
    assert "bytes left out" in log.read_text()
    assert log.stat().st_size < 2 * KEEP + 10_000
