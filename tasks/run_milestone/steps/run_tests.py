"""One run of the plan's test command, and the report it leaves."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.process import Grants
from ..adapters.process.command_line import argument_list
from ..core.errors import DamagedStateError
from ..core.fs import read_text
from ..model import Imports, Tested
from .import_origin import Sources, guarded, imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from junitparser import TestCase

    from ..adapters.process import Processes, Result
    from ..model import Commands, Milestone

NO_TESTS = 5
"""pytest's exit code for a run that collected nothing."""

NOTHING_COLLECTED = "no tests were collected"

_SETTINGS = ("pyproject.toml", "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
"""Where a project's pytest settings can be."""


def run_tests(
    processes: Processes, commands: Commands, tree: Path, head: str, log: Path, mine: Sources | None = None
) -> Tested:
    """Run the test command in `tree`, which holds `head`."""
    return counted(run_suite(processes, commands, tree, log, mine=mine), head)


def counted(result: SuiteResult, head: str, known: tuple[str, ...] = (), proofs: tuple[str, ...] = ()) -> Tested:
    """Return what counts: failures that are `known` do not, and of those that passed the `proofs` are named."""
    failing = tuple(name for name in result.failed if name not in known)
    recurring = tuple(name for name in result.failed if name in known)
    proven = tuple(test for test in proofs if result.proves(test))
    passed, skipped = len(result.passed), len(result.skipped)
    return Tested(head, passed, failing, skipped, recurring, result.problem, proven, imports=result.imports)


# ---- one run of the test command ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How the tests of one run ended, by name; `problem` where the command did not get as far as a result."""

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    problem: str | None = None
    ended: bool = True
    """Whether the command came to its own end: one that took too long, or could not start, tells nothing."""
    coverage: str = ""
    """What the run left as coverage's JSON report."""
    imports: Imports | None = None
    """From where the packages of the repository were imported; None where nobody looked."""

    @property
    def names(self) -> frozenset[str]:
        """Every test that the report tells of."""
        return frozenset((*self.passed, *self.failed, *self.skipped))

    def proves(self, test: str) -> bool:
        """Return whether a test ran and passed, a parametrised one with every value.

        It is named as the report names it (`class::name`), or as pytest does on its command line.
        """
        cases = {case for case in self.names if {test, case_name(test)} & {case, case.partition("[")[0]}}
        return bool(cases) and cases <= set(self.passed)


def case_name(node: str) -> str:
    """Return the report's name for a pytest node id: `tests/test_a.py::test_b` is `tests.test_a::test_b`."""
    path, _, name = node.partition("::")
    *classes, test_name = name.split("::")
    return "::".join((".".join((path.removesuffix(".py").replace("/", "."), *classes)), test_name))


def run_suite(
    processes: Processes,
    commands: Commands,
    tree: Path,
    log: Path,
    *,
    only: tuple[str, ...] | None = None,
    cover: bool = False,
    mine: Sources | None = None,
) -> SuiteResult:
    """Run the test command in `tree`; pytest runs `only` those test files (all, where it names none).

    `mine` is what the tree must be the source of: the tests are made to import it from there, and say so.
    """
    with tempfile.TemporaryDirectory(prefix="run-milestone-") as folder:
        report, coverage = Path(folder) / "junit.xml", Path(folder) / "coverage.json"
        command = argument_list(commands.test, junit=str(report), coverage=str(coverage))
        if _is_pytest(command):
            command = (*command, *_reported(command, report), *(_covering(command, tree, coverage) if cover else ()))
            command = (*command, *(_limited(only) if only is not None else ()))
        env = {"COVERAGE_FILE": str(Path(folder) / "coverage.data")}
        env = guarded(Path(folder), tree, mine, env) if mine else env
        grants = Grants(write=(Path(folder),))
        result = processes.untrusted(command, cwd=tree, env=env, timeout=commands.timeout, log=log, grants=grants)
        imports = imported(processes, command, Path(folder), tree, mine) if mine else None
        return replace(_outcome(result, report), coverage=_text(coverage), imports=imports)


def picks_files(commands: Commands) -> bool:
    """Return whether the test command can be told which test files to run; any other runs all there are."""
    return _is_pytest(commands.test)


def _is_pytest(command: tuple[str, ...]) -> bool:
    return "pytest" in (Path(word).name for word in command)


def _reported(command: tuple[str, ...], report: Path) -> tuple[str, ...]:
    """Ask pytest for its JUnit report; another runner is given the path where its command says `{junit}`."""
    return () if str(report) in " ".join(command) else (f"--junitxml={report}", "-o", "junit_family=xunit2")


def _limited(only: tuple[str, ...]) -> tuple[str, ...]:
    """Name the test files, and fix what tests are called: pytest would go by the files' common folder."""
    return ("--continue-on-collection-errors", "--rootdir=.", *(f"./{path}" for path in only))


# ---- coverage -----------------------------------------------------------------------------------------------------


def coverage_gap(milestone: Milestone) -> str | None:
    """Return why the coverage of changed lines cannot be measured; None where it can, or nobody asks."""
    command = milestone.commands.test
    if milestone.limits.coverage == 0 or "{coverage}" in " ".join(command):
        return None
    if not _is_pytest(command) or command[0] != "{python}":
        return "let `commands: {test: …}` write coverage's JSON report to `{coverage}`, or say `limits: {coverage: 0}`"
    if find_spec("pytest_cov") is None:
        return "pytest-cov is not installed (pip install 'run-milestone[coverage]')"
    return None


def _covering(command: tuple[str, ...], tree: Path, report: Path) -> tuple[str, ...]:
    """Ask pytest-cov for its report; where the project measures itself, its own settings and threshold stay."""
    if str(report) in " ".join(command):
        return ()
    option = (f"--cov-report=json:{report}",)
    return option if _measures_itself(command, tree) else ("--cov=.", *option, "--cov-fail-under=0")


def _measures_itself(command: tuple[str, ...], tree: Path) -> bool:
    return "--cov" in " ".join((*command, *(_text(tree / name) for name in _SETTINGS)))


def _text(path: Path) -> str:
    try:
        return read_text(path) or ""
    except DamagedStateError:
        return ""


# ---- the report ---------------------------------------------------------------------------------------------------


def _outcome(result: Result, report: Path) -> SuiteResult:
    problem = _problem(result)
    if problem or not report.exists():
        ended = None if result.code == 0 else f"the test command ended with exit code {result.code}"
        return SuiteResult(problem=problem or ended, ended=result.code is not None and not result.timed_out)
    suite = _read(report)
    odd = f"the test command ended with exit code {result.code} though its report names no failure"
    return replace(suite, problem=odd) if result.code != 0 and not suite.failed else suite


def _problem(result: Result) -> str | None:
    if result.timed_out:
        return f"the tests were ended after {result.seconds:.0f} s (limit `commands: {{timeout: …}}`)"
    if result.code is None:
        return f"the test command could not start: {result.err.strip()}"
    if result.code == NO_TESTS and "pytest" in " ".join(result.argv):
        return NOTHING_COLLECTED
    return None


def _read(report: Path) -> SuiteResult:
    from junitparser import JUnitXml

    cases = list(_cases(JUnitXml.fromfile(str(report))))
    return SuiteResult(
        tuple(_name(case) for case in cases if case.is_passed),
        tuple(_name(case) for case in cases if case.is_failure or case.is_error),
        tuple(_name(case) for case in cases if case.is_skipped),
    )


def _name(case: TestCase) -> str:
    return f"{case.classname}::{case.name}" if case.classname else str(case.name)


def _cases(report: Iterable[Any]) -> Iterator[TestCase]:
    for part in report:
        if hasattr(part, "is_failure"):
            yield part
        else:
            yield from _cases(part)
