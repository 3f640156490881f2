"""One run of the plan's test command, and the report it leaves."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.process import KEEP, KEEP_REPORT, Grants
from ..adapters.process.command_line import argument_list
from ..core.errors import DamagedStateError
from ..core.fs import read_text, temporary_folder
from ..core.presets import runner_of
from ..model import NOTHING_COLLECTED, Case, Imports, Outcome
from .empty_runs import nothing_ran
from .import_origin import guarded, imported
from .services import among_services, unserved
from .test_report import ReportError, explained, last_output, read_output, read_report, read_reports, reports_in

if TYPE_CHECKING:
    from ..adapters.process import Processes, Result
    from ..model import Commands
    from .workplace import Workplace

NO_TESTS = 5
"""pytest's exit code for a run that collected nothing."""

WHOLE = ("--continue-on-collection-errors", "--maxfail=0")
"""So that pytest runs all tests there are, whatever fails on the way."""

_CUT_SHORT = {2: "were interrupted", 3: "ended in an internal error", 4: "could not be started as asked"}
"""pytest's exit codes for a run that is no verdict."""

COVERAGE = ("pytest_cov", "coverage")
"""What measures coverage under pytest."""

_SETTINGS = ("pyproject.toml", "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
"""Where a project's pytest settings can be."""


# ---- one run of the test command ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How the tests of one run ended; `problem` where the command did not get as far as a result."""

    cases: tuple[Case, ...] = ()
    problem: str | None = None
    ended: bool = True
    """Whether the command came to its own end: one that took too long, or could not start, tells nothing."""
    coverage: str = ""
    """What the run left as coverage's JSON report."""
    output: str = ""
    """The last lines of the command's output."""
    imports: Imports | None = None
    """From where the packages of the repository were imported; None where nobody looked."""
    set_up: str | None = None
    """Why the tree could not be set up, so that nothing ran."""

    @property
    def passed(self) -> tuple[str, ...]:
        """The tests that passed."""
        return self._ended(Outcome.PASSED)

    @property
    def failed(self) -> tuple[str, ...]:
        """The tests that failed."""
        return self._ended(Outcome.FAILED)

    @property
    def skipped(self) -> tuple[str, ...]:
        """The tests that were skipped."""
        return self._ended(Outcome.SKIPPED)

    def _ended(self, outcome: Outcome) -> tuple[str, ...]:
        return tuple(case.name for case in self.cases if case.outcome is outcome)

    @property
    def names(self) -> frozenset[str]:
        """Every test that the report tells of."""
        return frozenset(case.name for case in self.cases)


def run_suite(
    processes: Processes,
    commands: Commands,
    place: Workplace,
    log: Path,
    *,
    only: tuple[str, ...] | None = None,
    cover: bool = False,
) -> SuiteResult:
    """Run the test command in a tree; pytest runs `only` those test files (all, where it names none).

    A run that finished before the step was broken off is not made again.
    The tests are made to import the packages of the repository from the tree, and the result says so.
    Where pytest ends without a result when asked for coverage, it runs again without: some projects cannot be
    measured (`filterwarnings = error` beside settings of coverage), and their tests pass all the same.
    """
    if place.problem:
        why = f"the tree could not be set up: {place.problem}"
        return SuiteResult(problem=why, ended=False, output=place.output, set_up=place.problem)
    kept = place.unfinished
    name = kept.name([commands.test, only, cover]) if kept else ""
    if kept and (known := kept.read(name, SuiteResult)):
        return known
    result = _run_covered(processes, commands, place, log, only=only, cover=cover)
    if kept and result.problem is None and (place.watched is None or place.watched.is_untouched()):
        kept.write(name, result)
    return result


def _run_covered(
    processes: Processes, commands: Commands, place: Workplace, log: Path, *, only: tuple[str, ...] | None, cover: bool
) -> SuiteResult:
    """Run the test command once, or once more without coverage."""
    result = _run_once(processes, commands, place, log, only=only, cover=cover)
    no_result = result.problem is not None and result.ended and not result.cases
    if not (cover and no_result and is_pytest(commands.test) and "{coverage}" not in " ".join(commands.test)):
        return result
    unmeasured = _run_once(processes, commands, place, log, only=only, cover=False)
    return result if unmeasured.problem else unmeasured


def _run_once(
    processes: Processes, commands: Commands, place: Workplace, log: Path, *, only: tuple[str, ...] | None, cover: bool
) -> SuiteResult:
    """Run the test command in a tree, with coverage where `cover` says so."""
    tree, mine = place.tree, place.mine
    with temporary_folder("run-milestone-") as folder:
        report, coverage = folder / "junit.xml", folder / "coverage.json"
        command = argument_list(commands.test, python=place.python, junit=str(report), coverage=str(coverage))
        asked = str(report) in " ".join(command)
        if is_pytest(command):
            command = (*command, *WHOLE, *(() if asked else _reported(report)))
            command = (*command, *(_covering(command, tree, coverage) if cover else ()))
            command = (*command, *(_limited(only, command) if only is not None else ()))
            asked = True
        asked = asked or bool(commands.report)
        env = {**place.env, "COVERAGE_FILE": str(folder / "coverage.data")}
        if cover and place.lent and is_pytest(command):
            env = {**env, "PYTHONPATH": _lend(folder, place.lent, env.get("PYTHONPATH", ""))}
            command = (*command, "-p", "pytest_cov.plugin")
        env = guarded(folder, tree, mine, env) if mine else env
        grants = Grants(write=(folder,))
        for old in reports_in(tree, commands.report):
            old.unlink()
        with among_services(place, command, folder) as served:
            result = processes.untrusted(
                served,
                cwd=tree,
                env=env,
                timeout=commands.timeout,
                log=log,
                pass_env=place.pass_env,
                grants=grants,
                keep=KEEP if asked else KEEP_REPORT,
            )
        outcome = _outcome(result, report, reports_in(tree, commands.report), tree, asked=asked)
        if (broken := unserved(folder)) and not result.timed_out:
            outcome = SuiteResult(problem=broken.why, ended=False, set_up=broken.why if broken.before else None)
        imports = imported(processes, command, folder, tree, mine) if mine else None
        output = last_output(f"{result.out}\n{result.err}")
        return replace(outcome, coverage=_text(coverage), output=output, imports=imports)


def picks_files(commands: Commands) -> bool:
    """Return whether the test command can be told which test files to run; any other runs all there are."""
    return is_pytest(commands.test)


def reports(commands: Commands) -> bool:
    """Return whether the test command is asked for a report of its tests."""
    runner = runner_of(commands.test)
    tells = runner is not None and runner.tells
    return is_pytest(commands.test) or "{junit}" in " ".join(commands.test) or bool(commands.report) or tells


def is_pytest(command: tuple[str, ...]) -> bool:
    """Return whether a command starts pytest."""
    return "pytest" in (Path(word).name for word in command)


def _reported(report: Path) -> tuple[str, ...]:
    """Ask pytest for its JUnit report; another runner is given the path where its command says `{junit}`."""
    return (f"--junitxml={report}", "-o", "junit_family=xunit1")


def _limited(only: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    """Name the test files, and fix what tests are called: pytest would go by the files' common folder."""
    folder = f"{command[2].strip('/')}/" if command[:2] == ("env", "-C") else ""
    return ("--rootdir=.", *(f"./{path.removeprefix(folder)}" for path in only))


# ---- coverage -----------------------------------------------------------------------------------------------------


def coverage_gap(command: tuple[str, ...], limit: int) -> str | None:
    """Return why the coverage of changed lines cannot be measured; None where it can, or nobody asks."""
    if limit == 0 or "{coverage}" in " ".join(command):
        return None
    if not is_pytest(command) or command[0] != "{python}":
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


def _lend(folder: Path, packages: tuple[str, ...], path: str) -> str:
    """Make a folder that holds only these packages of run-milestone's own interpreter; returns PYTHONPATH with it."""
    lent = folder / "lent"
    lent.mkdir()
    for package in packages:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations if spec else None) or ():
            (lent / package).symlink_to(place, target_is_directory=True)
    return os.pathsep.join(filter(None, (str(lent), path)))


def _measures_itself(command: tuple[str, ...], tree: Path) -> bool:
    return "--cov" in " ".join((*command, *(_text(tree / name) for name in _SETTINGS)))


def _text(path: Path) -> str:
    try:
        return read_text(path) or ""
    except DamagedStateError:
        return ""


# ---- the report ---------------------------------------------------------------------------------------------------


def _outcome(result: Result, report: Path, others: list[Path], tree: Path, *, asked: bool) -> SuiteResult:
    """Return what a run says. A report that was asked for and is not there is no verdict, whatever the exit code."""
    problem, ended = _problem(result), result.code is not None and not result.timed_out
    is_empty = not problem and not is_pytest(result.argv) and nothing_ran(result.code, f"{result.out}\n{result.err}")
    try:
        cases = None if problem else _cases(result, report, others, tree, asked=asked)
    except ReportError as error:
        why = f"the report of the tests cannot be read: {error}{_exit(result)}"
        return SuiteResult(problem=NOTHING_COLLECTED if is_empty else why, ended=ended)
    if is_empty and not cases:
        return SuiteResult(problem=NOTHING_COLLECTED, ended=ended)
    if problem or (cases is None and not asked):
        odd = None if result.code == 0 else f"the test command ended with exit code {result.code}"
        return SuiteResult(problem=problem or odd, ended=ended)
    if cases is None:
        return SuiteResult(problem=f"the test command left no report of its tests{_exit(result)}", ended=ended)
    return SuiteResult(explained(cases, f"{result.out}\n{result.err}"), _cut_short(result, cases), ended)


def _cases(result: Result, report: Path, others: list[Path], tree: Path, *, asked: bool) -> tuple[Case, ...] | None:
    """Return the tests of the report; where none was asked for, those that the output tells of."""
    if others:
        return read_reports(others, tree)
    return read_report(report, tree) if asked else read_output(result.out) or read_output(result.err)


def _exit(result: Result) -> str:
    return f" (exit code {result.code})"


def _problem(result: Result) -> str | None:
    if result.timed_out:
        return f"the tests were ended after {result.seconds:.0f} s (limit `commands: {{timeout: …}}`)"
    if result.limit:
        return f"the tests were ended: {result.limit}"
    if result.code is None:
        return f"the test command could not start: {result.err.strip()}"
    if result.code == NO_TESTS and is_pytest(result.argv):
        return NOTHING_COLLECTED
    return None


def _cut_short(result: Result, cases: tuple[Case, ...]) -> str | None:
    """Return how a run ended before its end, though it left a report; None where it did not."""
    code = result.code or 0
    if code < 0:
        return f"the test command was ended by signal {-code} before all tests ran"
    if code in _CUT_SHORT and is_pytest(result.argv):
        return f"the tests {_CUT_SHORT[code]} before all of them ran (pytest's exit code {code})"
    if code and not any(case.outcome is Outcome.FAILED for case in cases):
        return f"the test command ended with exit code {code} though its report names no failure"
    return None
