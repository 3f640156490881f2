"""Tests inside of tests, as TAP tells of them, count one by one."""

import pytest

from run_milestone.steps.report_formats import from_output

PASSED = """\
# Subtest: cart
    # Subtest: is empty
    ok 1 - is empty
      ---
      duration_ms: 1
      ...
    # Subtest: prices
        # Subtest: adds # up
        ok 1 - adds
        # Subtest: rounds
        ok 2 - rounds # SKIP
        1..2
    ok 2 - prices
    1..2
ok 1 - cart
# Subtest: alone
ok 2 - alone
1..2
# tests 4
"""
FAILED = """\
# Subtest: cart
    # Subtest: is empty
    not ok 1 - is empty
      ---
      error: |-
        3 !== 0
      expected: 0
      actual: 3
      code: 'ERR_ASSERTION'
      ...
    1..1
not ok 1 - cart
  ---
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  ...
"""
HOOK = """\
# Subtest: cart
    # Subtest: is empty
    ok 1 - is empty
    1..1
not ok 1 - cart
  ---
  failureType: 'hookFailed'
  error: 'no database'
  ...
"""


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (
            PASSED,
            {
                "cart::is empty": "passed",
                "cart > prices::adds": "passed",
                "cart > prices::rounds": "skipped",
                "alone": "passed",
            },
        ),
        (FAILED, {"cart::is empty": "failed"}),
        (HOOK, {"cart::is empty": "passed", "cart": "failed"}),
    ],
)
def test_each_test_inside_counts(text, outcomes):
    cases = from_output(f"TAP version 13\n{text}")
    assert {case.name: case.outcome.value for case in cases} == outcomes


@pytest.mark.parametrize(("text", "reason"), [(FAILED, "3 !== 0"), (HOOK, "error: 'no database'")])
def test_a_failure_shows_its_error(text, reason):
    (failed,) = [case for case in from_output(f"TAP version 13\n{text}") if case.outcome.value == "failed"]
    assert reason in failed.output
    assert "actual" not in failed.output
