"""Run failing tests again, alone and with all others, before their failure counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ..model import Outcome
from ..policy.flakiness import Trials, Tries
from ..policy.quarantine import in_force
from .run_tests import is_pytest, reports, run_suite
from .workplace import ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..adapters.process import Processes
    from ..model import Case, Milestone, Quarantined, Tested
    from ..policy.parts import Suite
    from .run_tests import SuiteResult
    from .step_context import StepContext
    from .workplace import Workplace

COMMAND = "the test command"
"""What is flaky where the command names no tests."""
MOST = 20
"""More failing tests than this are no accident: they run no second time."""
PATIENT = 3
"""How many times as often a test runs again that has been seen to fail and to pass."""
_FLAGS = frozenset("qvxsl")
"""Letters of pytest's options that take no value."""


@dataclass(frozen=True, slots=True)
class Reruns:
    """Runs tests again on one commit."""

    processes: Processes
    suites: tuple[Suite, ...]
    place: Workplace
    log: Path

    def alone(self, tests: Iterable[Case], times: int) -> dict[str, Tries]:
        """Run only these tests; a runner that cannot be told which runs none."""
        tests = tuple(tests)
        runs = [
            self._run(suite, command)
            for suite in self.suites
            if (command := alone(suite.commands.test, self._of(suite, tests), self.place.tree))
            for _ in range(times)
        ]
        return _total(tests, runs)

    def together(self, tests: Iterable[Case], patience: Mapping[str, int]) -> dict[str, Tries]:
        """Run all tests until each of these has passed, or has run as often as its `patience` is."""
        left, totals = tuple(tests), {case.name: Tries() for case in tests}
        while left:
            result = _total(left, [self._run(suite) for suite in self.suites if self._of(suite, left)])
            totals.update({name: totals[name] + tries for name, tries in result.items()})
            left = tuple(
                case
                for case in left
                if not totals[case.name].passed and 0 < totals[case.name].ran < patience[case.name]
            )
        return totals

    def command(self, suite: Suite, times: int) -> tuple[SuiteResult | None, Tries]:
        """Run a command that names no tests until it passes; returns that run, and how often it ran and failed."""
        for ran in range(1, times + 1):
            result = self._run(suite)
            if not result.problem:
                return result, Tries(ran, ran - 1)
        return None, Tries(times, times)

    def _of(self, suite: Suite, tests: tuple[Case, ...]) -> tuple[Case, ...]:
        """Return the tests of one suite: of those of a part their names say it."""
        named = [other for other in self.suites if other.name]
        owners = {case.name: max((one for one in named if one.has(case)), key=_depth, default=None) for case in tests}
        return tuple(case for case in tests if owners[case.name] == (suite if suite.name else None))

    def _run(self, suite: Suite, command: tuple[str, ...] = ()) -> SuiteResult:
        commands = replace(suite.commands, test=command) if command else suite.commands
        result = run_suite(self.processes, commands, self.place, self.log)
        return replace(result, cases=tuple(map(suite.marked, result.cases)))


def _depth(suite: Suite) -> int:
    return len(suite.name)


def _total(tests: tuple[Case, ...], results: Iterable[SuiteResult]) -> dict[str, Tries]:
    ran, failed = Counter[str](), Counter[str]()
    for result in results:
        ran.update({*result.passed, *result.failed})  # a test that skips itself says nothing
        failed.update(set(result.failed))
    return {case.name: Tries(ran[case.name], failed[case.name]) for case in tests}


class SecondLook:
    """Looks again at tests that failed, on the change and on its base."""

    def __init__(self, change: Reruns, times: int, ctx: StepContext | None = None) -> None:
        """Run tests again `times` times; without `ctx` there is no base to compare with."""
        self._change = change
        self._times = times
        self._ctx = ctx

    @cached_property
    def _base(self) -> Reruns:
        ctx = self._ctx
        if ctx is None:
            raise RuntimeError("there is no base")
        return replace(self._change, place=ready(ctx, ctx.base, "base"))

    def at_commands(self, results: Mapping[Suite, SuiteResult]) -> tuple[dict[Suite, SuiteResult], dict[str, str]]:
        """Run commands again that name no tests and failed; returns the runs that count, and what was flaky."""
        counting, flaky = dict(results), dict[str, str]()
        for suite, result in results.items():
            says_no_more = result.ended and result.problem and not result.cases and not reports(suite.commands)
            if not says_no_more or result.set_up:
                continue
            passed, tries = self._change.command(suite, self._times)
            if passed is not None:
                counting[suite] = passed
                name = f"{COMMAND} of {suite.name}" if suite.name else COMMAND
                flaky[name] = f"failed in {tries.failed + 1} of {tries.ran + 1} runs on the change"
        return counting, flaky

    def look(self, failed: tuple[Case, ...], before: tuple[Case, ...] = ()) -> dict[str, Trials]:
        """Return how each failing test ended when it ran again; `before` are the tests of the base."""
        if not self._times or not 0 < len(failed) <= MOST:
            return {}
        seen = {name: Trials(alone=tries) for name, tries in self._change.alone(failed, self._times).items()}
        if self._ctx is not None:
            seen = self._on_base(failed, _known(seen, before), self._times)
        hopeful = tuple(case for case in failed if seen[case.name].may_pass and not seen[case.name].is_new)
        patience = {name: self._times * (PATIENT if one.wavers else 1) for name, one in seen.items()}
        for name, tries in self._change.together(hopeful, patience).items():
            seen[name] = replace(seen[name], together=tries)
        return self._suspects(failed, seen)

    def _on_base(self, failed: tuple[Case, ...], seen: dict[str, Trials], times: int) -> dict[str, Trials]:
        known = tuple(case for case in failed if not seen[case.name].is_new)
        again = self._base.alone(known, times) if known else {}
        return {name: replace(one, base=one.base + again.get(name, Tries())) for name, one in seen.items()}

    def _suspects(self, failed: tuple[Case, ...], seen: dict[str, Trials]) -> dict[str, Trials]:
        """Run those more often, on both commits, that failed again on the change and never on the base."""
        suspects = tuple(case for case in failed if seen[case.name].is_suspect)
        if not suspects:
            return seen
        more = self._change.alone(suspects, self._times * PATIENT)
        both = self._on_base(suspects, {case.name: seen[case.name] for case in suspects}, self._times * PATIENT)
        return {**seen, **{name: replace(one, alone=one.alone + more[name]) for name, one in both.items()}}


def _known(seen: dict[str, Trials], before: tuple[Case, ...]) -> dict[str, Trials]:
    """Return what is known with how the tests ended in the run of the base."""
    tries = {case.name: _TRIES[case.outcome] for case in before}
    return {
        name: replace(one, base=tries[name]) if name in tries else replace(one, is_new=True)
        for name, one in seen.items()
    }


_TRIES = {Outcome.PASSED: Tries(1, 0), Outcome.FAILED: Tries(1, 1), Outcome.SKIPPED: Tries()}


def judged(look: SecondLook, result: SuiteResult, tested: Tested, before: tuple[Case, ...] = ()) -> Tested:
    """Return the evidence of a run after a second look at what failed in it."""
    failed = {case.name: case for case in result.cases if case.name in tested.failed}
    return _weighed(tested, look.look(tuple(failed.values()), before)) if failed else tested


def _weighed(tested: Tested, trials: Mapping[str, Trials]) -> Tested:
    """Return the evidence where flaky tests do not count, and others say how often they failed."""
    flaky = {name: str(one) for name, one in trials.items() if one.is_flaky}
    unsteady = {name: str(one) for name, one in trials.items() if one.change.passed and not one.is_flaky}
    notes = {name: f"{tested.details.get(name, '')}\nIt {why}.".strip() for name, why in unsteady.items()}
    failed = tuple(name for name in tested.failed if name not in flaky)
    details = {name: text for name, text in {**tested.details, **notes}.items() if name not in flaky}
    return replace(tested, failed=failed, flaky=flaky, details=details)


def second_look(ctx: StepContext, place: Workplace, suites: tuple[Suite, ...]) -> SecondLook:
    """Return the second look at an issue's failing tests: in its tree, and in one of its base made when needed."""
    change = Reruns(ctx.processes, suites, place, ctx.log_folder / "rerun.log")
    return SecondLook(change, ctx.milestone.flaky.reruns, ctx)


def quarantined(milestone: Milestone) -> tuple[Quarantined, ...]:
    """Return the plan's quarantine as it is in force today."""
    return in_force(milestone.quarantine, datetime.now(UTC).date())


# ---- pytest's names of tests --------------------------------------------------------------------------------------


def alone(command: tuple[str, ...], tests: Iterable[Case], tree: Path) -> tuple[str, ...]:
    """Return the test command for these tests only; nothing where it cannot be told, or one of them has no address."""
    folder = tree / command[2] if command[:2] == ("env", "-C") else tree
    addresses = [address(case, folder) for case in tests] if is_pytest(command) else [""]
    return (*_without_paths(command, folder), *addresses) if addresses and all(addresses) else ()


def address(case: Case, tree: Path) -> str:
    """Return what pytest calls a test of its report: `tests/test_a.py::TestB::test_c`; empty where no file fits."""
    parts = (case.group or case.title).split(".")
    for start, end in ((one, two) for one in range(len(parts)) for two in range(len(parts), one, -1)):
        file = "/".join(parts[start:end]) + ".py"
        if (tree / file).is_file():
            return "::".join((file, *parts[end:], *([case.title] if case.group else [])))
    return ""


def _without_paths(command: tuple[str, ...], tree: Path) -> tuple[str, ...]:
    """Return a command of pytest without the files and folders that it names."""
    kept, before = list[str](), "-"
    for word in command:
        takes_value = before.startswith("-") and "=" not in before and not set(before.lstrip("-")) <= _FLAGS
        is_path = bool(kept) and not word.startswith("-") and (tree / word.partition("::")[0]).exists()
        if not is_path or takes_value or before == "-m":
            kept.append(word)
        before = word
    return tuple(kept)
