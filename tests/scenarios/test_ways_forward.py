"""No question is a dead end: a person's commit answers it, and a fix that changed nothing asks it again."""

import pytest
from support.plans import ONCE, QUICK

CODE = '"""Part."""\n\nPART = {}\n'
TEST = "import part\n\n\ndef test_part():\n    assert part.PART == 1\n"
WRONG = {"part.py": CODE.format(2), "tests/test_part.py": TEST}
BRANCH = "feat/m1-01-issue-01"


def repairs(person):
    """Commit a repair to the issue's branch, in a worktree of one's own."""
    place = person.folder.parent / "hers"
    person.git("worktree", "add", "--quiet", str(place), BRANCH, where=".")
    (place / "part.py").write_text(CODE.format(1))
    (place / "tests" / "test_part.py").write_text(TEST)
    person.git("add", ".", where=place)
    person.git("commit", "--quiet", "--message=Repair it", where=place)
    person.git("worktree", "remove", str(place), where=".")


@pytest.mark.parametrize("answers", [(), ("01.retry",)])
def test_a_commit_answers_a_failed_attempt(make_milestone, answers):
    person = make_milestone({"01-1": {"/nowhere/part.py": "x"}, "01-2": {"/nowhere/part.py": "x"}}, plan=QUICK)
    assert "🛑 Implementation failed" in person.types("m1").out
    repairs(person)
    assert "✓ PR #1 created" in (person.answers(*answers) if answers else person.types("m1")).out


def test_a_fix_without_change_asks_the_same_again(make_milestone):
    person = make_milestone({"01-1": WRONG, "01-2": {}}, plan=ONCE)
    assert "🛑 Tests failing (attempt 1/2)" in person.types("m1").out
    result = person.answers("01.fix")
    assert "· The agent changed nothing" in result.out
    assert "🛑 Tests failing (attempt 2/2)" in result.out
    assert "retry | skip | abort" in result.out
    repairs(person)
    assert "✓ PR #1 created" in person.types("m1").out
