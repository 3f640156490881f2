"""The tests of the commit that an issue's change is counted from: what a change is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..policy.test_names import Fewer, compare
from .run_tests import reports, run_suite
from .workplace import ready

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Case
    from ..model.change import ChangedFile
    from .context import StepContext
    from .run_tests import SuiteResult


def fewer_tests(ctx: StepContext, result: SuiteResult, files: Iterable[ChangedFile]) -> Fewer:
    """Return which tests of the base a run of the change lost. A run without a verdict is not compared."""
    if result.problem or ctx.base == ctx.head or not reports(ctx.milestone.commands):
        return Fewer()
    removed = [text for file in files for _, text in file.removed]
    return compare(tests_of_base(ctx), result.cases, removed)


def tests_of_base(ctx: StepContext) -> tuple[Case, ...]:
    """Return how the base's tests ended, from an earlier run of that commit where there was one."""
    commands, store = ctx.milestone.commands, ctx.store.test_results
    known = store.read(ctx.base, commands)
    if known is None:
        place = ready(ctx, ctx.base, "contract")
        known = run_suite(ctx.processes, commands, place, ctx.log_folder / "base.log").cases
        store.write(ctx.base, commands, known)
    return known
