"""Tests in any language: what skips them or takes assertions from them is told, honest work on them is not."""

import pytest

from run_milestone.checks.test_patterns import check
from run_milestone.model.change import ChangedFile


def reported(path, added=(), removed=(), status="M"):
    lines = (tuple(enumerate(texts, start=1)) for texts in (added, removed))
    return [finding.message for finding in check(ChangedFile(path, status, None, *lines))]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/a.test.ts", "it.skip('adds', () => {"),
        ("src/a.test.ts", "  describe.only('sums', () => {"),
        ("src/a.spec.js", "xit('adds', () => {"),
        ("a_test.go", '\tt.Skip("flaky")'),
        ("src/ATest.java", '  @Disabled("later")'),
        ("tests/a.rs", "#[ignore]"),
        ("spec/a_spec.rb", "    pending"),
        ("tests/a.bats", '  skip "not here"'),
    ],
)
def test_a_skip_that_comes_is_told(path, line):
    assert reported(path, [line]) == [f"Skip added: {line.strip()}"]
    assert reported(path, [], [line]) == [], "one that goes is welcome"
    assert reported(path, [line], status="A") == [], "a new test takes nothing away"


@pytest.mark.parametrize(
    "line",
    [
        "expect(sum(1, 2)).toBe(3)",
        "assert.equal(sum(1, 2), 3)",
        '\tt.Errorf("got %d", n)',
        "assert_eq!(sum(1, 2), 3);",
        "  assert $sum",
    ],
)
def test_removed_assertions_are_found(line):
    assert reported("tests/a.any", [], [line, line]) == ["Assertions removed: 2 went, 0 came"]
    assert reported("tests/a.any", [line], [line]) == []


def test_a_deleted_test_file_is_found():
    assert reported("src/a.test.ts", status="D") == ["Test file deleted: src/a.test.ts"]
    assert reported("src/a.test.ts", ["const skipped = list.skip(2)", "it('skips blanks', () => {"]) == []
