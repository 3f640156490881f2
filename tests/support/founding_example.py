"""The founding example: what it prints, and three ways to play it to its end."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import loopback
from support.on_github import github_for
from support.person import CommandResult, Person

CHECKOUT = Path(__file__).parents[2]
PLAN = CHECKOUT / "plans" / "m4.1"
MILESTONE = "milestone/m4.1-user-management"
DEMO = ("demo", "--dir", ".")

TRANSCRIPT = [
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
    "fix | retry | skip | abort",
    "> fix",
    "🔧 Fixing...",
    "✓ Auto-fix applied",
    "✗ Tests: 2 failed",
    "🛑 Tests failing (attempt 2/2)",
    "retry | skip | abort",
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

SUMMARY = {
    "status": "complete",
    "issues": {"total": 13, "completed": 12, "skipped": 1},
    "prs": {"created": 12, "clean": 9, "fixed": 2, "approved": 1},
    "labels": {"needs-db-review": 1, "needs-dep-review": 1},
    "commands": {"continue": 3, "fix": 3, "skip": 1, "approve": 1},
}
NUMBERS = list(range(310, 322))
"""Its pull requests."""
TURNS = (
    ((), ["03"]),
    (("03.fix",), ["phase-1"]),
    (("phase-1.continue",), ["07", "08", "09"]),
    (("07.fix", "08.fix", "09.approve"), ["07"]),
    (("07.skip",), ["phase-2"]),
    (("phase-2.continue",), ["phase-3"]),
    (("phase-3.continue",), []),
)
"""What is touched before each run, and the gates that wait after it."""


@dataclass(frozen=True)
class Played:
    """The example at its end: who played it, the result of each command, the summary after each, its pull requests."""

    ada: Person
    results: list[CommandResult]
    summaries: list[dict]
    pulls: list[dict]


def read_summary(ada):
    return json.loads((ada.folder / "state/m4.1/summary.json").read_text())


def local_pulls(ada):
    """Return the pull requests of the milestone on the local forge."""
    paths = sorted((ada.folder / "remote/product.forge/pulls").iterdir())
    return [pull for pull in map(json.loads, (path.read_text() for path in paths)) if pull["base"] == MILESTONE]


def play_by_touch(ada):
    """Play it by `doit run m4.1` and `touch` alone."""
    shutil.copytree(CHECKOUT / "plans", ada.folder / "plans")
    shutil.copy(CHECKOUT / "dodo.py", ada.folder)
    results, summaries = [], []
    for touched, _ in TURNS:
        ada.touches(*touched)
        results.append(ada.doit("run", "m4.1"))
        summaries.append(read_summary(ada))
    return Played(ada, results, summaries, local_pulls(ada))


def play_on_github(ada, folder):
    """Play it by its recorded decisions, by the real gh, on a GitHub on this machine."""
    if loopback.missing() is not None:
        pytest.skip(str(loopback.missing()))
    with pytest.MonkeyPatch.context() as patch, github_for(folder, patch) as github:
        prepare_on_github(ada, github)
        result = ada.types(*DEMO)
        assert github.hosted.token not in result.out + result.err
        assert github.hosted.labels["needs-db-review"]["color"] == "1d76db"
        return Played(ada, [result], [read_summary(ada)], github_pulls(github))


def github_pulls(github):
    """Return the pull requests of the milestone on that GitHub."""
    pulls = (pull for pull in github.hosted.pulls() if pull.base == MILESTONE)
    return [{"number": pull.number, "state": pull.state.lower(), "head": pull.head} for pull in pulls]


def prepare_on_github(person, github):
    """Give somebody the example's plan and product; its remote, issues and old pull requests are on GitHub."""
    _seed(github.hosted)
    plan = person.folder / "plans/m4.1"
    plan.parent.mkdir()
    subprocess.run(["cp", "-r", str(PLAN), str(plan)], check=True)
    text = (plan / "plan.yaml").read_text()
    text = text.replace("forge: local", "forge: github").replace("  sample: sample\n", "")
    text = text.replace("remote: remote/product.git", "remote: git@github.com:acme/widgets.git")
    (plan / "plan.yaml").write_text(text.split("  prepare:")[0] + text.split('seed_database.py"]\n')[1])
    _make_product(person, github.hosted.bare)


def _seed(hosted):
    for path in sorted((PLAN / "sample/forge").glob("*/*.json")):
        record = json.loads(path.read_text())
        hosted.next_number = record["number"]
        thing = hosted.add(title=record["title"], body=record["body"], author="grace", state=record["state"].upper())
        thing.head, thing.base, thing.last_head = record.get("head"), record.get("base"), "0" * 40


def _make_product(person, bare):
    product = person.folder / "product"
    person.git("init", "--quiet", "--initial-branch=main", str(product), where=".")
    person.git("am", "--quiet", *map(str, sorted((PLAN / "sample/history").glob("*.patch"))))
    subprocess.run([sys.executable, "scripts/seed_database.py"], cwd=product, check=True, capture_output=True)
    person.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare), where=".")
    person.git("push", "--quiet", str(bare), "main")
