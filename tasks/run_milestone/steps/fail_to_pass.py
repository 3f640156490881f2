"""What the tests prove: new ones fail without the change, the base's own pass with it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..checks.file_types import is_collected, is_python
from ..checks.test_modules import reaches_others
from ..checks.unavailable import failed
from ..core.units import count
from ..model import Finding, Kind, Outcome, Severity, Step, Tested, is_empty
from ..policy.quarantine import excused
from .base_tests import tests_of_base
from .flaky_tests import Reruns, SecondLook, quarantined
from .import_origin import sources
from .run_tests import SuiteResult, picks_files
from .suites import added_up, run_each, suites_of
from .workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..checks.change import Change
    from ..model import Case
    from .step_context import StepContext
    from .workplace import Workplace


def contract(ctx: StepContext, change: Change) -> Iterator[Finding]:
    """Yield new tests that pass without the change, where the issue asks for red first, and old ones that fail with it.

    Each run has a checkout of its own, made from committed objects, and happens only where its result matters. Where
    the change edits what the base's tests load, or brings a test that can reach others in the same process, the base's
    own tests run without all of that as well: it can then neither hide nor replace one of them.
    """
    runs = Runs(ctx, change)
    if ctx.issue.tests.red_first:
        yield from _not_red(runs)
    if runs.before or runs.reach_others:
        yield from _broken(ctx, runs)


class Runs:
    """The test runs that mix base and head: which test files the change touches, and how they end where."""

    def __init__(self, ctx: StepContext, change: Change) -> None:
        """Look at the change's test files."""
        self._ctx = ctx
        self._change = change
        self.before = tuple(file.before for file in change.files if file.before and self._belongs(file.before))
        self.after = tuple(file.after for file in change.files if file.after and self._belongs(file.after))

    def _belongs(self, path: str) -> bool:
        parts = PurePosixPath(path).parts
        is_loaded = parts[-1] == "conftest.py" or bool(_FOLDERS.intersection(parts[:-1]))
        return is_loaded or self._change.is_test(path)

    @property
    def tests(self) -> tuple[str, ...]:
        """The files of the change that hold tests."""
        return tuple(path for path in self.after if self._change.is_test(path))

    @property
    def reach_others(self) -> bool:
        """Whether a new file of the tests may change what the base's tests see: a plugin, or code of its own."""
        return any(PurePosixPath(path).name == "conftest.py" or self._reaches(path) for path in self.after)

    def _reaches(self, path: str) -> bool:
        text = (self._ctx.git.read(self._change.head, path) or b"").decode("utf-8", "replace")
        return is_python(path) and reaches_others(text)

    @cached_property
    def base(self) -> SuiteResult:
        """The base's tests on the base."""
        return self._run(self._change.base, None, self._affected(self.before))

    @cached_property
    def red(self) -> SuiteResult:
        """The change's tests on the base."""
        return self._run(self._change.base, self._change.head, _files(self.after)) if self.after else SuiteResult()

    @cached_property
    def known(self) -> SuiteResult:
        """The base's own tests on the base, where one of them can be among those that passed."""
        among_them = self.before or not all(picks_files(suite.commands) for suite in suites_of(self._ctx))
        return self.base if among_them and self.red.passed else SuiteResult()

    @cached_property
    def old(self) -> SuiteResult:
        """All of the base's tests on the change, without anything that the change brings for tests."""
        return added_up(run_each(self._ctx.processes, suites_of(self._ctx), self.apart, self._log))

    @cached_property
    def apart(self) -> Workplace:
        """The change with the base's tests, checked out for those."""
        return self._place(self._change.head, self._change.base)

    @property
    def _log(self) -> Path:
        return self._ctx.log_folder / "contract.log"

    def _affected(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Return the test files to run; nobody knows which use a fixture or a data file, so then it is all of them."""
        return _files(paths) if all(is_collected(path) for path in paths) else ()

    def _run(self, source: str, tests: str | None, only: tuple[str, ...]) -> SuiteResult:
        place, wanted = self._place(source, tests), suites_of(self._ctx)
        return added_up(run_each(self._ctx.processes, wanted, place, self._log, only=only))

    def _place(self, source: str, tests: str | None) -> Workplace:
        ctx, git, index = self._ctx, self._ctx.git, f"{self._ctx.index}-contract"
        tree = ctx.tree.with_name(f"{ctx.tree.name}-contract")
        paths = tuple(dict.fromkeys((*self.before, *self.after)))
        commit = git.graft(source, tests, paths, index) if tests else source
        log = ctx.log_folder / "setup.log"
        place = workplace(ctx.run, tree, commit, index, ctx.issue.number, log, unapproved=True)
        return replace(place, mine=sources(git, ctx.checkout, self._change.base, self._change.head))


_FOLDERS = frozenset({"tests", "test", "__tests__"})
"""Folders whose files tests load: helpers, plugins, data."""


def lost_tests(tested: Tested, others: Iterable[Finding]) -> Iterator[Finding]:
    """Yield tests of the base that the change removed or switched off, and that no check of the files named."""
    messages = [f"{finding.message} {finding.path}" for finding in others if _names_tests(finding)]
    for rule, what, names in (
        ("removed-test", "Test removed", tested.removed),
        ("skipped-test", "Test passed on the base and is skipped now", tested.disabled),
    ):
        for name in names:
            if not _is_explained(name, messages):
                yield _fails(rule, f"{what}: {name}")


def _names_tests(finding: Finding) -> bool:
    return finding.kind is Kind.TAMPERING or finding.rule == "renamed-test"


def _is_explained(name: str, messages: Iterable[str]) -> bool:
    """Return whether a message names the test, or the deleted file that held it."""
    group, _, title = name.partition(" (")[0].rpartition("::")
    module = group.split(".")
    return any(
        title in message or ("Tests deleted" in message and PurePosixPath(message.split()[-1]).stem in module)
        for message in messages
    )


def _files(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if is_collected(path))


# ---- red before green ---------------------------------------------------------------------------------------------


def _not_red(runs: Runs) -> Iterator[Finding]:
    """Compare the change's tests on the base with the base's own: where none of the new ones fails, nothing is proven.

    One that fails is enough: beside it a change may well test what was true before.
    """
    red, known = runs.red, runs.known
    if not runs.tests or is_empty(red.problem):
        yield _green("no-new-test", "The change brings no test, though one shall fail without it")
    elif not (red.ended and known.ended):
        yield failed(
            "contract", f"New tests could not run on the base: {red.problem or known.problem}; correct the plan"
        )
    elif not red.names and not red.problem:
        yield _green("suite", "All tests pass without the change")
    elif not _is_red(red, known):
        new = (name for name in red.passed if name not in known.names)
        yield from (_green(name, f"{name.rpartition('::')[2]} passes without the change") for name in new)


def _is_red(red: SuiteResult, known: SuiteResult) -> bool:
    """Return whether the run has a failure that the base's own tests did not have."""
    return bool(set(red.failed) - set(known.failed)) or (bool(red.problem) and red.problem != known.problem)


def _green(rule: str, message: str) -> Finding:
    return Finding(Kind.NOT_RED, Severity.CRITICAL, rule, message)


# ---- the base's tests on the change -------------------------------------------------------------------------------


def _broken(ctx: StepContext, runs: Runs) -> Iterator[Finding]:
    """Yield what passes on the base and does not on the change; skipped tests are told by the tampering check."""
    before = tests_of_base(ctx)  # first: both may need the same tree, and what runs again needs the change in it
    old = runs.old
    if old.problem and not is_empty(old.problem):
        yield _unknown(runs.base, old)
        return
    ended = frozenset((*old.passed, *old.skipped, *_settled(ctx, before)))
    lost = {case.name: case for case in before if case.outcome is Outcome.PASSED and case.name not in ended}
    for module in old.cases:
        inside = [name for name in lost if name.startswith((f"{module.name}::", f"{module.name}."))]
        if module.outcome is Outcome.FAILED and inside:
            yield _not_loaded(module, len(inside))
            lost = {name: case for name, case in lost.items() if name not in inside}
    change = Reruns(ctx.processes, suites_of(ctx), runs.apart, ctx.log_folder / "rerun.log")
    again = tuple(case for name, case in lost.items() if name in old.failed)
    trials = SecondLook(change, ctx.milestone.flaky.reruns, ctx).look(again, before)
    for name in lost:
        if name not in trials or not trials[name].is_flaky:
            how = "fails" if name in old.failed else "does not run"
            yield _fails(name, f"{name.rpartition('::')[2]} of the base {how} on the change")


def _settled(ctx: StepContext, before: tuple[Case, ...]) -> tuple[str, ...]:
    """Return the tests whose failure counts as flaky or is in quarantine: they tell nothing here either."""
    tested = ctx.recorded(Step.TEST, Tested)
    return (*(tested.flaky if tested else ()), *excused(quarantined(ctx.milestone), before))


def _not_loaded(module: Case, tests: int) -> Finding:
    """Tell that a file of tests cannot even be imported: one cause, however many tests it has."""
    errors = re.findall(r"\w+(?:Error|Exception): .*", module.output)
    why = f": {errors[-1]}" if errors else ""
    what = f"{module.name} of the base does not load on the change, so that {count(tests, 'test')} of it did not run"
    return _fails(module.name, f"{what}{why}")


def _unknown(base: SuiteResult, old: SuiteResult) -> Finding:
    """Tell a run without a verdict: it is the change's doing where the base has one."""
    if base.problem:
        return failed(
            "contract", f"The base's tests could not be run: {base.problem}; correct commands.test in the plan"
        )
    return _fails("suite", f"The tests of the base fail on the change: {old.problem}")


def _fails(rule: str, message: str) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message)
