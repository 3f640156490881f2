"""The founding example, played with its eight recorded decisions, and what people do with it afterwards."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from run_milestone.core.schemas import read_schema

EXAMPLE = [
    "Starting Milestone: m4.1",
    "📋 Bootstrap",
    "✓ Milestone folder exists",
    "✓ Implementation plan loaded",
    "✓ First run detected",
    "🔍 Quality Gate",
    "Invoking plan-review...",
    "✓ Passed (0 critical, 2 warnings)",
    "⚠️ Issue #05 has 6 acceptance criteria",
    "⚠️ Missing integration test spec in #08",
    "✓ Base branch: milestone/m4.1-user-management",
    "✓ Scope tags: [api, users, auth]",
    "✓ State validated",
    "→ Starting Issue #01",
    "Issue #01: Add user profile endpoint (#295)",
    "✓ Branch: feat/m4.1-295-user-profile",
    "✓ Implemented (4 files, 156 lines)",
    "✓ Auto-fixed (lint)",
    "✓ Tests: 52 passed",
    "✓ PR #310 created",
    "🤖 Code review...",
    "✓ No issues found",
    "→ Proceeding to Issue #02",
    "Issue #02: Add user data models (#296)",
    "✓ PR #311 created",
    "→ Proceeding to Issue #03",
    "✓ Branch: feat/m4.1-297-sanitization",
    "✓ PR #312 created",
    "🛑 Code review: 2 issues (attempt 1/2)",
    "1. Missing docstring",
    "src/users/sanitize.py#L15",
    "2. `html` imported but unused — src/users/sanitize.py#L3",
    "fix | skip | abort",
    "> fix",
    "🔧 Fixing...",
    "✓ Added docstring to InputSanitizer",
    "✓ Removed unused import",
    "✓ Tests: ",
    "✓ Pushed",
    "🤖 Re-running code review...",
    "✓ No issues found",
    "→ Proceeding to Issue #04",
    '✓ Migration: CREATE TABLE "user_profiles"',
    "⚠️ Additive schema change",
    "✓ Label: needs-db-review",
    "✓ PR #313 created",
    "→ Proceeding to Issue #05",
    "✓ PR #314 created",
    "✓ Phase 1 complete — 5 PRs ready",
    "* PR #310 — Add user profile endpoint (#295) ✓",
    "* PR #311 — Add user data models (#296) ✓",
    "* PR #312 — Add input sanitization (#297) ✓",
    "* PR #313 — Add user_profiles table (#298) [needs-db-review]",
    "* PR #314 — Add validation service (#299) ✓",
    "continue | skip-phase | abort",
    "> continue",
    "✓ Phase 1 approved",
    "→ Starting Phase 2, Issue #06",
    "⚠️ New dependency: httpx v0.25.0 (BSD-3-Clause)",
    "⚠️ Routine dependency addition",
    "✓ Label: needs-dep-review",
    "✓ PR #315 created",
    "→ Proceeding to Issue #07",
    "🛑 Tests failing (attempt 1/2)",
    "- test_cache_expiry",
    "- test_cache_invalidation",
    "fix | skip | abort",
    "> fix",
    "🔧 Fixing...",
    "✓ Auto-fix applied",
    "✗ Tests: 2 failed",
    "🛑 Tests failing (attempt 2/2)",
    "skip | abort",
    "> skip",
    "⏭️ Skipped Issue #07",
    'Recorded: "Test failures - cache timing issues"',
    "→ Proceeding to Issue #08",
    "✓ PR #316 created",
    "🛑 Code review: 1 critical issue",
    "1. Hardcoded API key — src/clients/email_api.py#L23",
    "> fix",
    "✓ Moved API key to environment variable",
    "✓ Updated config loader",
    "✓ Pushed",
    "✓ No issues found",
    "→ Proceeding to Issue #09",
    '✓ Migration: DROP COLUMN "old_user_status"',
    "🛑 Breaking schema: DROP COLUMN",
    "File: alembic/versions/009_migrate_legacy.py",
    "Risk: Data loss (column has 50k rows)",
    "approve | skip | abort",
    "> approve",
    "✓ Approved (recorded)",
    "✓ PR #317 created",
    "→ Proceeding to Issue #10",
    "✓ PR #318 created",
    "✓ Phase 2 complete — 4 PRs ready, 1 skipped",
    "* PR #315 — Add email client (#300) [needs-dep-review] ✓",
    "* (Issue #07 skipped)",
    "* PR #316 — Add external API (#302) ✓",
    "* PR #317 — Migrate legacy (#303) ⚠️ Breaking change approved",
    "* PR #318 — Add analytics (#304) ✓",
    "> continue",
    "✓ Phase 2 approved",
    "→ Starting Phase 3, Issue #11",
    "✓ PR #319 created",
    "→ Proceeding to Issue #12",
    "✓ PR #320 created",
    "→ Proceeding to Issue #13",
    "✓ PR #321 created",
    "✓ Phase 3 complete — 3 PRs ready",
    "> continue",
    "✓ Phase 3 approved",
    "✓ Milestone M4.1 Complete",
    "Issues: 13 total",
    "✅ Completed: 12",
    "⏭️ Skipped: 1 (#07 - test failures",
    "PRs: 12 created",
    "✓ Clean: 9",
    "🔧 Fixed: 2 (code review)",
    "⚠️ Approved: 1 (breaking schema)",
    "Labels applied:",
    "needs-db-review: 1",
    "needs-dep-review: 1",
    "Commands used:",
    "Quality gates:",
    "✅ Pre-execution: Passed (2 warnings)",
    "✅ Phase 1: Approved",
    "✅ Phase 2: Approved",
    "✅ Phase 3: Approved",
    "Next steps:",
    "1. Merge 12 open PRs",
    "2. Address skipped issue #07 if needed",
    "3. Create milestone PR → main",
    "4. Tag: v0.4.1",
]


@pytest.fixture(scope="module")
def played(founding_example):
    return founding_example


@pytest.fixture
def copy(played, tmp_path):
    return played[0].copy(tmp_path / "copy")


def summary(ada):
    return json.loads((ada.folder / "state/m4.1/summary.json").read_text())


def markers(ada):
    folder = ada.folder / "state/m4.1"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("issues/*/*.json")}


def rerun_steps(ada, before):
    return {name for name, text in markers(ada).items() if before.get(name) != text}


def test_every_line_of_the_example_is_printed(played):
    rest = played[1].out
    for line in EXAMPLE:
        assert line in rest, f"after the lines before it, there is no {line!r} in:\n{rest[:1500]}"
        rest = rest.split(line, 1)[1]


def test_the_summary_counts_what_happened(played):
    facts = summary(played[0])
    assert facts["status"] == "complete"
    assert facts["issues"] == {"total": 13, "completed": 12, "skipped": 1}
    assert facts["prs"] == {"created": 12, "clean": 9, "fixed": 2, "approved": 1}
    assert facts["labels"] == {"needs-db-review": 1, "needs-dep-review": 1}
    assert facts["commands"] == {"continue": 3, "fix": 3, "skip": 1, "approve": 1}
    assert [story["pr"] for story in facts["per_issue"] if story["pr"]] == list(range(310, 322))
    assert facts["cost"] is None


def test_records_are_as_their_schemas_say(played):
    import jsonschema

    folder = played[0].folder / "state/m4.1"
    for name, files in (("summary", "summary.json"), ("decision", "decisions/*"), ("marker", "issues/*/*")):
        schema, paths = json.loads(read_schema(name)), list(folder.glob(files))
        assert paths
        for path in paths:
            jsonschema.validate(json.loads(path.read_text()), schema)


def test_the_report_tells_the_whole_of_it(played):
    page = (played[0].folder / "state/m4.1/report.html").read_text()
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert "12 of 13 issues completed, 1 skipped, 0 left" in text
    assert "9 clean, 2 fixed after findings, 1 approved by a person" in text
    assert "48/48 acceptance criteria proven by a named test" in text
    assert [number for number in range(1, 14) if f'id="issue-{number:02}"' in page] == list(range(1, 14))
    assert re.search(r"6\. #09 Migrate legacy user data .{16} UTC Breaking schema: DROP COLUMN", text)
    assert "Risk: Data loss (column has 50k rows) approve by" in text
    assert "What is worth keeping is moved first; the column may go" in text
    assert "unknown cost of the agents" in text


def test_records_agree_with_git_and_the_forge(played):
    result = played[0].types("verify", "m4.1")
    assert (result.code, result.lines[-1]) == (0, "✓ Records, git and forge agree"), result.out


def test_the_database_really_held_what_was_counted(played):
    database = sqlite3.connect(played[0].folder / "product/var/users.db")
    assert database.execute("SELECT count(old_user_status) FROM users").fetchone() == (50_000,)
    database.close()


def test_pull_requests_say_what_is_true(played):
    pull = json.loads((played[0].folder / "remote/product.forge/pulls/310.json").read_text())
    assert pull["title"] == "feat(m4.1): Add user profile endpoint (#295)"
    assert pull["base"] == "milestone/m4.1-user-management"
    assert "52 passed, 0 failed" in pull["body"]
    assert "proven by `tests/test_profile.py::test_unknown_user`" in pull["body"]
    assert "<!-- run-milestone: m4.1/01 -->" in pull["body"]


def test_nothing_but_the_runs_own_branches_moved(played):
    ada = played[0]
    issues = set(re.findall(r"feat/m4\.1-\d+-[a-z-]+", played[1].out))
    remote_heads = set(
        ada.git("for-each-ref", "--format=%(refname:short)", "refs/heads", where="remote/product.git").split()
    )
    skipped = {"feat/m4.1-301-response-cache"}
    assert remote_heads == {"main", "milestone/m4.1-user-management", *issues} - skipped
    assert ada.git("rev-parse", "main") == ada.git("rev-parse", "main", where="remote/product.git")
    assert ada.git("status", "--porcelain") == ""
    assert ada.git("branch", "--show-current") == "main"


def test_a_further_run_does_nothing(copy):
    before = markers(copy)
    for result in (copy.types("m4.1"), copy.doit("run", "m4.1"), copy.types("demo", "--dir", ".")):
        assert result.code == 0
        assert "m4.1 is complete; nothing to do." in result.out
    assert markers(copy) == before


def test_another_title_reruns_that_issue_only(copy):
    before, plan = markers(copy), copy.folder / "plans/m4.1/plan.yaml"
    plan.write_text(plan.read_text().replace("Add user notifications", "Tell users what happened"))
    result = copy.doit("run", "m4.1")
    assert result.code == 0
    assert result.issues() == ["12"]
    assert rerun_steps(copy, before) == {"issues/12/pr.json"}
    assert "Tell users what happened" in (copy.folder / "remote/product.forge/pulls/320.json").read_text()


def test_a_persons_commit_is_tested_and_reviewed(copy, tmp_path):
    before = markers(copy)
    hand = tmp_path / "hand"
    copy.git("worktree", "add", "--quiet", str(hand), "feat/m4.1-299-validation-service")
    service = next((hand / "src").rglob("*valid*.py"))
    service.write_text(service.read_text() + "\n\n# Written by hand.\n")
    copy.git("commit", "--quiet", "--all", "--message=By hand", where=hand)
    copy.git("worktree", "remove", str(hand))
    result = copy.doit("run", "m4.1")
    assert result.code == 0, result.out
    assert result.issues() == ["05"]
    steps = {Path(name).stem for name in rerun_steps(copy, before)}
    assert {"test", "inspect", "review"} <= steps
    assert not {"branch", "implement", "lint"} & steps
    head = copy.git("rev-parse", "feat/m4.1-299-validation-service")
    assert copy.git("rev-parse", "feat/m4.1-299-validation-service", where="remote/product.git") == head


@pytest.mark.parametrize("step", ["branch", "implement", "test", "inspect", "push", "pr", "review-gate"])
def test_a_deleted_marker_reruns_that_step_only(copy, step):
    before = markers(copy)
    marker = f"issues/03/{step}.json"
    (copy.folder / "state/m4.1" / marker).unlink()
    result = copy.doit("run", "m4.1")
    assert result.code == 0, result.out
    assert result.issues() == ["03"]
    assert rerun_steps(copy, before) <= {marker}


def test_a_lost_state_adopts_branches_and_pull_requests(copy):
    import shutil

    refs = copy.git("for-each-ref", where="remote/product.git")
    pulls = sorted(path.name for path in (copy.folder / "remote/product.forge/pulls").iterdir())
    shutil.rmtree(copy.folder / "state")
    copy.doit("run", "m4.1")
    copy.touches("phase-1.continue")
    result = copy.doit("run", "m4.1")
    assert "approve | skip | abort" in result.out, "an approval does not outlive the record of it"
    copy.touches("07.skip", "09.approve")
    copy.doit("run", "m4.1")
    copy.touches("phase-2.continue")
    copy.doit("run", "m4.1")
    copy.touches("phase-3.continue")
    assert copy.doit("run", "m4.1").code == 0
    assert copy.git("for-each-ref", where="remote/product.git") == refs
    assert sorted(path.name for path in (copy.folder / "remote/product.forge/pulls").iterdir()) == pulls
    assert summary(copy)["issues"] == {"total": 13, "completed": 12, "skipped": 1}


def test_why_tells_what_changed(copy):
    plan = copy.folder / "plans/m4.1/plan.yaml"
    plan.write_text(plan.read_text().replace("Add user notifications", "Tell users what happened"))
    result = copy.types("why", "m4.1", "12")
    assert "m4.1:12:pr: will run: changed since: issue.title" in result.out
    assert "m4.1:12:test: done" in result.out


def test_no_process_is_left(played):
    """Nothing the run started is alive, and its records name no interpreter."""
    folder = str(played[0].folder)
    alive = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            place = str((process / "cwd").resolve())
        except OSError:
            continue
        if place.startswith(folder):
            alive.append(command)
    assert alive == []
