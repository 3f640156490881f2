"""The forge's checks on a pull request: waited for, asked about where they fail, never taken for passed."""

import json

import pytest
from support.stacks import PLAN

from run_milestone.model import Check, CheckState
from run_milestone.steps.ci_checks import standing

WAIT = "checks: {wait: 1s, required: [ci/test]}\n"
WORK = {"01-1": {"a.js": "const a = 1\n"}, "01-2": {"a.js": "const a = 2\n"}}


@pytest.fixture
def ada(make_milestone):
    return make_milestone(WORK, plan=PLAN + WAIT)


def says(ada, state, **more):
    """What a CI would say of the issue's commit."""
    head = ada.git("rev-parse", "feat/m1-01-issue-01", where=".")
    folder = ada.folder / ".git/run-milestone/remote.forge/checks"
    folder.mkdir(exist_ok=True)
    (folder / f"{head}.json").write_text(json.dumps({"checks": [{"name": "ci/test", "state": state, **more}]}))


def test_checks_are_awaited_and_fixed(ada):
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 Checks not finished (attempt 1/2)" in result.out
    assert "No check ever started on PR #1 within 1s, and the plan requires ci/test" in result.out
    assert "token of GitHub Actions starts none" in result.out
    assert "retry | skip | abort" in result.out

    says(ada, "pending")
    result = ada.types("m1")
    assert "ci/test on PR #1 has not ended after 1s" in result.out, (
        "asking again looks again, and pending is not passed"
    )

    says(ada, "failed", url="https://ci.example/7", log="collected 3 items\nE   assert 1 == 2\n")
    result = ada.types("m1")
    assert "🛑 Checks failing (attempt 1/2)" in result.out
    assert "✗ ci/test failed (https://ci.example/7)\n  collected 3 items\n  E   assert 1 == 2" in result.out
    assert "fix | skip | abort" in result.out
    assert "touch state/m1/approvals/01.retry" not in result.out
    (finding,) = json.loads((ada.folder / "state/m1/gates/01.json").read_text())["findings"]
    assert finding["detail"].endswith("E   assert 1 == 2")

    ada.touches("01.fix", milestone="m1")
    result = ada.types("m1")
    assert "🔧 Fixing..." in result.out
    assert "No check ever started" in result.out, "the new commit has none yet"
    says(ada, "passed")
    result = ada.types("m1")
    assert "✓ No issues found" in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out


def test_autonomous_pending_checks_skip_the_issue(ada):
    result = ada.types("m1", "--autonomous")
    assert "⏭️ Skipped Issue #01" in result.out
    assert result.out.count("🛑 Checks not finished (attempt") == 2


# ---- which checks count ---------------------------------------------------------------------------------------

PASSED, FAILED, PENDING = (
    Check("test", CheckState.PASSED),
    Check("build", CheckState.FAILED),
    Check("lint", CheckState.PENDING),
)


def test_only_named_checks_count():
    checks = standing((PASSED, FAILED, PENDING), ("test",))
    assert checks.ended
    assert not checks.failed
    checks = standing((PASSED,), ("test", "build"))
    assert (checks.ended, checks.missing) == (False, ("build",))


def test_without_names_required_checks_count():
    demanded = Check("audit", CheckState.PENDING, required=True)
    assert standing((FAILED, demanded), ()).pending == (demanded,)
    assert not standing((FAILED, demanded), ()).failed
    assert standing((PASSED, FAILED), ()).failed == (FAILED,)
    assert standing((), ()).ended, "a repository without checks waits for none"


def test_skipped_is_no_failure_and_pending_never_passed():
    assert standing((Check("docs", CheckState.SKIPPED),), ("docs",)).ended
    assert not standing((PENDING,), ()).ended
