"""Run the plan's test command on exactly what is committed."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..checks.coverage import measured
from ..checks.diff import changed_files
from ..checks.file_types import is_test
from ..model import FlakySpec, KnownTests, Step, Tested, TreeSpec, is_empty
from ..policy.parts import outside
from ..render import steps as words
from .base_tests import fewer_tests, remember, rewritten_by_base, tests_of_base
from .flaky_tests import judged, quarantined, second_look
from .import_origin import sources
from .proofs import empty_proofs, proofs
from .run_tests import COVERAGE, coverage_gap
from .suites import added_up, changed_paths, run_each, suites_of
from .task import IssueStep, Questions
from .test_environment import environment
from .tested import counted
from .workplace import copied_files, ready
from .written_over import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model.change import ChangedFile
    from ..policy.test_names import Fewer
    from .run_tests import SuiteResult
    from .step_context import StepContext
    from .workplace import Workplace


class Test(IssueStep[Tested]):
    """Run the tests on the branch's commit, and measure which of its changed lines they run."""

    name = Step.TEST
    shape = Tested
    fields = ("criteria",)
    settings = ("commands.test", "limits.coverage")
    later_settings = MappingProxyType(
        {
            "tree": TreeSpec(),
            "commands.pass_env": (),
            "commands.parts": (),
            "flaky": FlakySpec(),
            "tests": KnownTests(),
        }
    )

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the commit under test, and the failures that do not count."""
        inputs = {"commit": ctx.head, "known failures": ctx.known_failures}
        quarantine = quarantined(ctx.milestone)
        return {**inputs, "quarantine": quarantine} if quarantine else inputs

    def run(self, ctx: StepContext) -> Tested:
        """Check the commit out, run the test command in it and read its report."""
        head, limits = ctx.head or "", ctx.milestone.limits
        place = ready(ctx, head)
        works_from = [self.inputs(ctx), environment(ctx.milestone), copied_files(ctx.run), place.env]
        unfinished = ctx.store.test_results.unfinished(ctx.issue.number, works_from)
        place = replace(place, mine=sources(ctx.git, ctx.checkout, ctx.base, head), unfinished=unfinished)
        wanted = suites_of(ctx)
        gaps = tuple(coverage_gap(suite.commands.test, limits.coverage) for suite in wanted)
        gap = next(filter(None, gaps), None)
        cover = None in gaps and limits.coverage > 0
        place = replace(place, lent=_lent(ctx, place)) if cover else place
        watched = Watched(ctx.git, place.tree, head, ctx.index)
        place = replace(place, watched=watched)
        look = second_look(ctx, place, wanted)
        results, flaky = look.at_commands(
            run_each(ctx.processes, wanted, place, ctx.log_folder / "test.log", cover=cover)
        )
        result = added_up(results)
        if is_empty(result.problem) and not _has_tests(ctx, head):
            result = replace(result, problem=None)
        if not result.problem:
            remember(ctx.store.test_results, head, results)
        files = changed_files(ctx.git.diff(ctx.base, head, "--unified=0"))
        before = tests_of_base(ctx) if not result.problem and ctx.base != head else ()
        empty = empty_proofs(ctx, result, before, files, place.tree)
        tested = counted(result, head, ctx.known_failures, proofs(ctx), quarantined(ctx.milestone), empty)
        tested = judged(look, result, tested, before)
        tested = _compared(replace(tested, flaky={**flaky, **tested.flaky}), fewer_tests(ctx, result, files))
        rewritten = watched.rewritten()
        tested = replace(tested, rewritten={} if result.problem else _new(ctx, rewritten))
        tested = replace(tested, parts=tuple(suite.name for suite in wanted if suite.name), outside=_outside(ctx))
        ctx.run.console.say(words.runs_reused(unfinished.reused), ctx.issue.number)
        unfinished.drop()
        return _covered(ctx, tested, result, files, gap) if cover else replace(tested, unmeasured=gap)

    def findings(self, ctx: StepContext, evidence: Tested) -> Questions:
        """Return nothing: the gate behind this step asks."""
        _ = ctx, evidence
        return Questions()


def _has_tests(ctx: StepContext, head: str) -> bool:
    """Return whether tests should have run: the project had some at its baseline, or has files that are called so."""
    baseline = ctx.baseline
    paths = {*ctx.git.listing(ctx.base, "."), *ctx.git.listing(head, ".")}
    is_known = baseline is None or not is_empty(baseline.problem)
    return is_known or any(is_test(path, ctx.milestone.tests.paths) for path in paths)


def _lent(ctx: StepContext, place: Workplace) -> tuple[str, ...]:
    """Return which packages the tree's own interpreter lacks to measure coverage; the usual interpreter has them."""
    if place.python == sys.executable or place.problem:
        return ()
    program = f"from importlib.util import find_spec; print(*(name for name in {COVERAGE!r} if not find_spec(name)))"
    result = ctx.processes.untrusted((place.python, "-c", program), cwd=place.tree, timeout=60)
    return tuple(name for name in result.out.split() if name in COVERAGE) if result.code == 0 else ()


def _compared(tested: Tested, fewer: Fewer) -> Tested:
    """Return the evidence with the tests of the base that were lost."""
    return replace(tested, missing=fewer.hidden, removed=fewer.removed, disabled=fewer.skipped)


def _new(ctx: StepContext, rewritten: dict[str, str]) -> dict[str, str]:
    """Return which of the files that the tests rewrote the base's own tests leave alone."""
    new = {path: left for path, left in rewritten.items() if path not in ctx.known_rewritten}
    known = rewritten_by_base(ctx) if new and ctx.base != ctx.head else new.keys()
    return {path: left for path, left in new.items() if path not in known}


def _outside(ctx: StepContext) -> tuple[str, ...]:
    """Return what the issue changes outside of every part of the repository."""
    commands = ctx.milestone.commands
    return outside(commands, changed_paths(ctx)) if commands.parts else ()


def _covered(
    ctx: StepContext, tested: Tested, result: SuiteResult, files: tuple[ChangedFile, ...], gap: str | None
) -> Tested:
    """Return the evidence with the coverage of the changed lines, and the `gap` of a part that is not measured."""
    coverage = measured(result.coverage, files, ctx.milestone.migrations, ctx.milestone.tests.paths)
    return replace(tested, coverage=coverage, unmeasured=gap if coverage else "the test run left no coverage report")
