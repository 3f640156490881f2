"""The tests of the commit that an issue's change is counted from: what a change is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..policy.test_names import Fewer, compare
from .run_tests import reports
from .suites import run_each, suites_of
from .workplace import ready
from .written_over import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Case
    from ..model.change import ChangedFile
    from ..policy.parts import Suite
    from ..store.test_results import TestResults
    from .run_tests import SuiteResult
    from .step_context import StepContext


def fewer_tests(ctx: StepContext, result: SuiteResult, files: Iterable[ChangedFile]) -> Fewer:
    """Return which tests of the base a run of the change lost. A run without a verdict is not compared."""
    if result.problem or ctx.base == ctx.head:
        return Fewer()
    files = tuple(files)
    removed = [text for file in files for _, text in file.removed]
    return compare(tests_of_base(ctx), result.cases, removed, [file.path for file in files if file.after is None])


def tests_of_base(ctx: StepContext) -> tuple[Case, ...]:
    """Return how the base's tests ended, from an earlier run of that commit where there was one.

    Commands without a report tell nothing.
    """
    store, wanted = ctx.store.test_results, (suite for suite in suites_of(ctx) if reports(suite.commands))
    known = {suite: store.read(ctx.base, suite.commands, suite.name) for suite in wanted}
    unknown = [suite for suite, cases in known.items() if cases is None]
    if unknown:
        place = ready(ctx, ctx.base, "contract")
        results = run_each(ctx.processes, unknown, place, ctx.log_folder / "base.log")
        remember(store, ctx.base, results)
        known.update({suite: result.cases for suite, result in results.items()})
    return tuple(case for cases in known.values() for case in cases or ())


def rewritten_by_base(ctx: StepContext) -> frozenset[str]:
    """Run the base's tests, and return the files that they rewrite."""
    place = ready(ctx, ctx.base, "contract")
    watched = Watched(ctx.git, place.tree, ctx.base, f"{ctx.index}-contract")
    results = run_each(ctx.processes, suites_of(ctx), place, ctx.log_folder / "base.log")
    remember(ctx.store.test_results, ctx.base, results)
    return frozenset(watched.rewritten())


def remember(store: TestResults, commit: str, results: Mapping[Suite, SuiteResult]) -> None:
    """Keep how the tests of a commit ended."""
    for suite, result in results.items():
        store.write(commit, suite.commands, result.cases, suite.name)
