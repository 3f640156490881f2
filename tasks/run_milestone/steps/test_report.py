"""Read the report that a test command leaves: JUnit XML, a folder of it, or another form that is known."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import read_text
from ..core.text import for_record, for_terminal
from ..model import Case, Outcome
from .report_formats import FormatError, from_json, from_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from junitparser import TestCase

LARGEST = 64 * 1024 * 1024
"""Bytes of one report."""
LARGEST_IN_ALL = 4 * LARGEST
MOST_FILES = 5_000
MOST_NAMES, MOST_FAILED = 5_000_000, 2_000_000
"""Characters in the names of all tests, and of those that failed: a record has to stay readable."""
MOST_EXPLAINED = 100
"""Failed tests that are looked for in a run's output, each line by line."""
EXPLAINING_LINES = 10
"""Of a run's output, about a test of which the report tells nothing."""
OUTPUT_LINES = 20
OUTPUT_LENGTH = 2_000
"""Of a failure, in lines and characters."""

_UNFIT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bceBCE]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
"""Control characters, which runners copy from a test's output and XML does not allow."""


class ReportError(ValueError):
    """The report cannot be read."""


def reports_in(tree: Path, pattern: str) -> list[Path]:
    """Return the reports in a tree that a pattern names, or in the folders that it names. None lies outside.

    There are none where the tests left folders that cannot be gone through.
    """
    root = tree.resolve()
    try:
        places = [place for place in tree.glob(pattern) if place.resolve().is_relative_to(root)] if pattern else []
        files = [file for place in places for file in (place.rglob("*.xml") if place.is_dir() else (place,))]
        return sorted(file for file in files if file.is_file() and file.resolve().is_relative_to(root))
    except (RecursionError, OSError):
        return []


def read_report(path: Path, tree: Path | None = None) -> tuple[Case, ...] | None:
    """Return the tests in a report, None where there is none. It was written by code of the tree, so it is data.

    Errors: ReportError, with why it cannot be read.
    """
    if path.is_dir() and not path.is_symlink():
        return read_reports(sorted(path.glob("**/*.xml")), tree or path)
    cases = _file(path, tree or path.parent)
    return None if cases is None else _held(cases, tree)


def read_reports(files: Sequence[Path], tree: Path) -> tuple[Case, ...] | None:
    """Return the tests in several reports, None where there is none. Errors: ReportError."""
    if len(files) > MOST_FILES or sum(file.lstat().st_size for file in files) > LARGEST_IN_ALL:
        raise ReportError(f"there are {len(files):,} files, or more than {LARGEST_IN_ALL >> 20} MiB of them")
    return _held(tuple(case for file in files for case in _file(file, tree) or ()), tree) if files else None


def read_output(text: str) -> tuple[Case, ...] | None:
    """Return the tests that an output tells of, None where it tells of none. Errors: ReportError."""
    try:
        cases = from_output(text)
    except FormatError as error:
        raise ReportError(str(error)) from None
    return _held(_bounded(cases)) if cases else None


def _held(cases: tuple[Case, ...], tree: Path | None = None) -> tuple[Case, ...]:
    """Return the tests by the names that a record holds, where it can hold them. Errors: ReportError.

    Secrets and the place of the tree are taken out here already, so that a name is the same in every run.
    """
    failed = sum(len(case.name) for case in cases if case.outcome is Outcome.FAILED)
    if sum(len(case.name) for case in cases) > MOST_NAMES or failed > MOST_FAILED:
        raise ReportError(f"it names {len(cases):,} tests, more than a record holds")
    names = "\n".join(f"{case.group}\n{case.title}" for case in cases)
    place = f"{tree}/" if tree else "\0"
    if place not in names and for_record(names) == names:
        return cases
    return tuple(replace(case, group=_kept(case.group, place), title=_kept(case.title, place)) for case in cases)


def _kept(name: str, place: str) -> str:
    return for_record(name.replace(place, ""))


def explained(cases: tuple[Case, ...], printed: str) -> tuple[Case, ...]:
    """Return the tests; the first that failed without a word in the report have what the run printed about them."""
    lines = printed.splitlines()
    bare = (number for number, case in enumerate(cases) if _tells_nothing(case))
    first = frozenset(islice(bare, MOST_EXPLAINED))
    return tuple(
        replace(case, output="\n".join(filter(None, (_printed(case, lines), case.output)))) if number in first else case
        for number, case in enumerate(cases)
    )


def _tells_nothing(case: Case) -> bool:
    return case.outcome is Outcome.FAILED and len(case.output.splitlines()) <= 1


def _printed(case: Case, lines: Sequence[str]) -> str:
    """Return the lines of an output from the first that names a test."""
    name = case.title.rpartition("/")[2]
    first = next((number for number, line in enumerate(lines) if name and name in line), len(lines))
    return last_output("\n".join(lines[first : first + EXPLAINING_LINES]))


def _file(path: Path, tree: Path) -> tuple[Case, ...] | None:
    try:
        text = read_text(path, LARGEST)
    except DamagedStateError as error:
        raise ReportError(str(error.args[0]).partition("cannot be read: ")[2].rstrip(".")) from None
    if text is None:
        return None
    try:
        return _bounded(from_json(text, tree)) if text.lstrip().startswith("{") else _from_xml(text)
    except FormatError as error:
        raise ReportError(str(error)) from None


def _bounded(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the tests with only the last lines of what they printed."""
    return tuple(replace(case, output=last_output(case.output)) if case.output else case for case in cases)


def _from_xml(text: str) -> tuple[Case, ...]:
    from junitparser import JUnitXml
    from junitparser.junitparser import JUnitXmlError

    if not text.strip():
        raise ReportError("it is empty")
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text):
        raise ReportError("it declares a document type, which no JUnit report needs")
    try:
        root = JUnitXml.fromstring(_UNFIT.sub("", text).encode())._elem  # noqa: SLF001  # the parser has no name for it
        return tuple(_cases(root, str(root.get("name") or "")))
    except (JUnitXmlError, SyntaxError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise ReportError(f"it is no JUnit XML ({' '.join(str(error).split())[:80]})") from None


def _cases(element: Any, suite: str = "") -> Iterator[Case]:
    """Yield the tests of an element, at any depth: some runners put them outside of every suite."""
    from junitparser import TestCase

    for part in element:
        kind = str(part.tag).rpartition("}")[2]
        if kind == "testcase":
            yield _case(TestCase.fromelem(part), suite)  # type: ignore[no-untyped-call]
        elif kind in {"testsuite", "testsuites"}:
            yield from _cases(part, str(part.get("name") or ""))


def _case(case: TestCase, suite: str) -> Case:
    failed = case.is_failure or case.is_error
    outcome = Outcome.FAILED if failed else Outcome.SKIPPED if case.is_skipped else Outcome.PASSED
    file = case._elem.get("file") or ""  # noqa: SLF001  # the parser has no name for it
    output = _output(case) if failed else ""
    return Case(str(case.classname or ""), str(case.name or ""), outcome, file, suite, output)


def _output(case: TestCase) -> str:
    parts = [text for result in case.result for text in (result.message, result.text) if text]
    if len(parts) > 1 and parts[0].strip() in parts[1]:
        parts = parts[1:]
    return last_output("\n".join(parts))


def last_output(text: str, lines: int = OUTPUT_LINES) -> str:
    """Return the last lines of an output, bounded, fit for a record and a terminal."""
    clean = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text[-OUTPUT_LENGTH * 4 :])
    kept = [line.rstrip()[:200] for line in for_terminal(clean).splitlines() if line.strip()]
    return "\n".join(kept[-lines:])[-OUTPUT_LENGTH:]
