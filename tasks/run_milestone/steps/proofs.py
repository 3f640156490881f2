"""What a criterion's test proves: it has to check something, and to have failed before the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks.test_modules import asserts
from ..model import Outcome
from ..policy.test_names import base_title, named
from .flaky_tests import address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..model import Case
    from ..model.change import ChangedFile
    from .run_tests import SuiteResult
    from .step_context import StepContext


def proofs(ctx: StepContext) -> tuple[str, ...]:
    """Return the tests that the issue's criteria name."""
    return tuple(criterion.test for criterion in ctx.issue.criteria if criterion.test)


def empty_proofs(
    ctx: StepContext, result: SuiteResult, before: tuple[Case, ...], files: Iterable[ChangedFile], tree: Path
) -> dict[str, str]:
    """Return the criteria's tests that passed and prove nothing all the same, each with why."""
    changed = {path for file in files for path in (file.before, file.after) if path}
    reasons = {}
    for test in proofs(ctx):
        cases = named(test, result.cases)
        held = {case: address(case, tree).partition("::")[0] for case in cases}
        if cases and all(path and not _asserts(ctx, path, case) for case, path in held.items()):
            reasons[test] = "it passed, and checks nothing"
        elif cases and all(path and path not in changed for path in held.values()) and _passed(test, before):
            reasons[test] = "it passed before the change too"
    return reasons


def _asserts(ctx: StepContext, path: str, case: Case) -> bool:
    text = (ctx.git.read(ctx.head or "", path) or b"").decode("utf-8", "replace")
    return asserts(text, base_title(case.title)[0])


def _passed(test: str, before: tuple[Case, ...]) -> bool:
    cases = named(test, before)
    return bool(cases) and all(case.outcome is Outcome.PASSED for case in cases)
