"""A test command that had nothing to run is told from one that failed."""

import subprocess
import sys

import pytest

from run_milestone.steps.empty_runs import nothing_ran

EMPTY = {
    "unittest": (
        5,
        "\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n",
    ),
    "django": (
        5,
        "Found 0 test(s).\nSystem check identified no issues (0 silenced).\n\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n",
    ),
    "make-pytest": (2, "============ no tests ran in 0.01s ============\nmake: *** [Makefile:2: test] Error 5\n"),
    "jest": (
        1,
        "No tests found, exiting with code 1\nRun with `--passWithNoTests` to exit with code 0\n  2 files checked.\n",
    ),
    "vitest": (
        1,
        "\x1b[31mNo test files found, exiting with code 1\x1b[39m\n\ninclude: **/*.{test,spec}.?(c|m)[jt]s?(x)\n",
    ),
    "mocha": (1, 'Error: No test files found: "test"\n'),
    "ava": (1, "\n  ✖ Couldn\u2019t find any files to test\n"),
    "jasmine": (
        2,
        "Randomized with seed 1\nStarted\n\n\nNo specs found\nFinished in 0.001 seconds\nIncomplete: No specs found\n",
    ),
    "playwright": (1, "Error: No tests found\n"),
    "deno": (1, "error: No test modules found\n"),
    "go": (1, 'go: warning: "./..." matched no packages\nno packages to test\n'),
    "nextest": (
        4,
        "     Summary [   0.000s] 0 tests run: 0 passed, 0 skipped\nerror: no tests to run\n",
    ),
    "phpunit": (1, "PHPUnit 10.5.2 by Sebastian Bergmann and contributors.\n\nNo tests executed!\n"),
    "pest": (1, "\n   INFO  No tests found.\n"),
    "rspec": (1, "No examples found.\n\n\nFinished in 0.00029 seconds\n0 examples, 0 failures\n"),
    "surefire": (
        1,
        "[ERROR] Failed to execute goal: No tests were executed!  (Set -DfailIfNoTests=false to ignore this error.)\n",
    ),
    "gradle": (1, "> No tests found for given includes: [shop.*](filter.includeTestsMatching)\n\nBUILD FAILED in 1s\n"),
}
RED = {
    "passed": (0, "Ran 0 tests in 0.000s\n\nNO TESTS RAN\n"),
    "killed": (-9, "NO TESTS RAN\n"),
    "unittest-import": (
        1,
        "ERROR: test_cart (unittest.loader._FailedTest)\n\nRan 1 test in 0.000s\n\nFAILED (errors=1)\n",
    ),
    "one-part-failed": (1, "No tests found, exiting with code 1\nTests:       1 failed, 3 passed, 4 total\n"),
    "broken-file": (1, "SyntaxError: Unexpected token\nError: No test files found\n"),
    "pytest-other-part": (
        1,
        "no tests ran in 0.01s\nFAILED tests/test_cart.py::test_total - assert 0\n1 failed in 0.1s\n",
    ),
    "not-ok": (1, "TAP version 13\nnot ok 1 - cart\n# no tests found in b.js\n"),
    "no-program": (127, "sh: 1: jest: not found\n"),
    "rust": (
        101,
        "running 0 tests\n\ntest result: ok. 0 passed; 0 failed\n\nerror[E0425]: cannot find value; no tests to run\n",
    ),
}


@pytest.mark.parametrize(("code", "text"), EMPTY.values(), ids=EMPTY)
def test_no_tests_is_an_empty_run(code, text):
    assert nothing_ran(code, text)


@pytest.mark.parametrize(("code", "text"), RED.values(), ids=RED)
def test_a_failure_is_no_empty_run(code, text):
    assert not nothing_ran(code, text)


def test_this_pythons_unittest_is_never_red(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0 or nothing_ran(ended.returncode, ended.stderr)
