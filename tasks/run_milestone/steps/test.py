"""test: run the plan's test command on exactly what is committed, and read the report it leaves."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..hands.commands import argument_list
from ..model import Tested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from junitparser import TestCase

    from ..hands.process import Processes, Result
    from ..model import Commands
    from .job import Job

NO_TESTS = 5
"""pytest's exit code for a run that collected nothing."""


def test(job: Job) -> Tested:
    """Run the tests on the branch's commit."""
    head = job.head or ""
    job.hands.git.lay_out(job.tree, head, job.issue.number)
    log = job.state.logs(job.issue.number) / "test.log"
    proofs = tuple(criterion.test for criterion in job.issue.criteria if criterion.test)
    return run_tests(job.hands.processes, job.milestone.commands, job.tree, head, log, job.known_failures, proofs)


def _case_name(node: str) -> str:
    """Return the report's name for a pytest node id: `tests/test_a.py::test_b` is `tests.test_a::test_b`."""
    path, _, name = node.partition("::")
    *classes, test_name = name.split("::")
    return "::".join((".".join((path.removesuffix(".py").replace("/", "."), *classes)), test_name))


def run_tests(
    processes: Processes,
    commands: Commands,
    tree: Path,
    head: str,
    log: Path,
    known: tuple[str, ...] = (),
    proofs: tuple[str, ...] = (),
) -> Tested:
    """Run the test command in `tree`, which holds `head`; failures that are `known` do not count.

    `proofs` are the tests (pytest node ids) whose passing is worth recording by name.
    """
    with tempfile.TemporaryDirectory(prefix="run-milestone-") as folder:
        report = Path(folder) / "junit.xml"
        command = _with_report(argument_list(commands.test, junit=str(report)), report)
        result = processes.untrusted(command, cwd=tree, timeout=commands.timeout, log=log)
        tested, passed = _verdict(result, report, head, known)
        return replace(tested, proven=tuple(test for test in proofs if _case_name(test) in passed))


def _with_report(command: tuple[str, ...], report: Path) -> tuple[str, ...]:
    """Ask pytest for its JUnit report; another runner is given the path where its command says `{junit}`."""
    if "pytest" not in (Path(word).name for word in command) or str(report) in " ".join(command):
        return command
    return (*command, f"--junitxml={report}", "-o", "junit_family=xunit2")


def _verdict(result: Result, report: Path, head: str, known: tuple[str, ...]) -> tuple[Tested, tuple[str, ...]]:
    """Return what is known of the run, and the names of the tests that passed."""
    problem = _problem(result)
    if problem or not report.exists():
        ended = None if result.code == 0 else f"the test command ended with exit code {result.code}"
        return Tested(head, 0, problem=problem or ended), ()
    passed, skipped, failed = _read(report)
    failing = tuple(name for name in failed if name not in known)
    recurring = tuple(name for name in failed if name in known)
    said = f"the test command ended with exit code {result.code} though its report names no failure"
    unexplained = result.code != 0 and not failed
    return Tested(head, len(passed), failing, skipped, recurring, said if unexplained else None), passed


def _problem(result: Result) -> str | None:
    if result.timed_out:
        return f"the tests were ended after {result.seconds:.0f} s (limit `commands: {{timeout: …}}`)"
    if result.code is None:
        return f"the test command could not start: {result.err.strip()}"
    if result.code == NO_TESTS and "pytest" in " ".join(result.argv):
        return "no tests were collected"
    return None


def _read(report: Path) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Return the names of the tests that passed, how many were skipped, and the names of those that did neither."""
    from junitparser import JUnitXml

    cases = list(_cases(JUnitXml.fromfile(str(report))))
    failed = tuple(_name(case) for case in cases if case.is_failure or case.is_error)
    passed = tuple(_name(case) for case in cases if case.is_passed)
    return passed, sum(1 for case in cases if case.is_skipped), failed


def _name(case: TestCase) -> str:
    return f"{case.classname}::{case.name}"


def _cases(report: Iterable[Any]) -> Iterator[TestCase]:
    for part in report:
        if hasattr(part, "is_failure"):
            yield part
        else:
            yield from _cases(part)
