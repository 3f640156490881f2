"""Reads from a coverage report which of the changed lines the tests ran."""

from __future__ import annotations

import json
import re
from itertools import groupby, pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..model import Coverage, Finding, Kind, Severity
from . import test_patterns
from .file_types import is_code, is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model.change import ChangedFile
    from .change import Change

_DEFINES = re.compile(r"\s*(?:@\w|(?:async\s+)?def\s)")
SHOWN = 5
"""How many places a finding names."""


def measured(
    report: str, files: Iterable[ChangedFile], migrations: str, tests: tuple[str, ...] = ()
) -> Coverage | None:
    """Return what a report in coverage's JSON says of the lines that `files` add; None where it is not such a report.

    Test files do not count. Migrations do not count either, because another check judges them.
    """
    try:
        measurements = json.loads(report)["files"]
        counting = [file for file in files if _counts(file, migrations, tests)]
        lines = {file.path: _lines(measurements.get(file.path), file) for file in counting}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    missed = [place for path, (_, absent) in lines.items() for place in _places(path, absent)]
    run = sum(len(ran) for ran, _ in lines.values())
    unseen = tuple(file.path for file in counting if file.path not in measurements and _holds_code(file))
    return Coverage(run + sum(len(absent) for _, absent in lines.values()), run, tuple(missed), unseen)


def _holds_code(file: ChangedFile) -> bool:
    """Return whether a change adds lines of source that are no comments."""
    lines = (text.strip() for _, text in file.added)
    return is_code(file.path) and any(line and not line.startswith(("#", "//", "*", "/*")) for line in lines)


def _counts(file: ChangedFile, migrations: str, tests: tuple[str, ...]) -> bool:
    return not is_test(file.path, tests) and not PurePosixPath(file.path).is_relative_to(migrations)


def _lines(measurement: Any, file: ChangedFile) -> tuple[list[int], list[int]]:
    """Return the added lines that ran and those that did not. A line without code is neither.

    Importing a file runs the line that defines a function, so that one counts as the first line of its body does.
    """
    if measurement is None:
        return [], []
    added, ran, missing = dict(file.added), set(measurement["executed_lines"]), set(measurement["missing_lines"])
    for number, after in reversed([*pairwise(sorted(ran | missing))]):
        if after in missing and _DEFINES.match(added.get(number, "")) and _is_inside(added.get(after), added[number]):
            ran.discard(number)
            missing.add(number)
    return sorted(set(added) & ran), sorted(set(added) & missing)


def _is_inside(line: str | None, definition: str) -> bool:
    """Return whether a line belongs to a function. One that the change did not add follows it, as far as is known."""
    start = len(definition) - len(definition.lstrip())
    is_decorator = definition.lstrip().startswith("@")
    return line is None or len(line) - len(line.lstrip()) > start - is_decorator


def _places(path: str, lines: list[int]) -> Iterator[str]:
    """Yield `src/a.py: 3-5` per stretch of lines."""
    for _, stretch in groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in stretch]
        yield f"{path}: {numbers[0]}" + (f"-{numbers[-1]}" if len(numbers) > 1 else "")


def unmeasured(change: Change, coverage: Coverage | None) -> str | None:
    """Return a note where nothing tells whether a test runs the changed code: no line was measured, no test came."""
    plan = change.milestone
    code = [
        file.path for file in change.files if _counts(file, plan.migrations, plan.tests.paths) and _holds_code(file)
    ]
    silent = code if coverage is None else coverage.unseen if coverage.lines == 0 else ()
    if not silent or test_patterns.brings_test(change):
        return None
    more = f" and {len(silent) - SHOWN} more" if len(silent) > SHOWN else ""
    message = "The change brings no test, and which of its lines the tests run is not measured"
    return f"{message}: {', '.join(silent[:SHOWN])}{more}"


def findings(coverage: Coverage | None, limit: int) -> Iterator[Finding]:
    """Yield a finding where the tests run too few of the changed lines. Without a measurement there is none."""
    if coverage is None or 100 * coverage.covered >= limit * coverage.lines:
        return
    others = f" and {len(coverage.missed) - SHOWN} more" if len(coverage.missed) > SHOWN else ""
    detail = f"not run: {', '.join(coverage.missed[:SHOWN])}{others}"
    share = 100 * coverage.covered // coverage.lines
    message = f"The tests run {coverage.covered:,} of {coverage.lines:,} changed lines ({share} %, limit {limit} %)"
    yield Finding(Kind.COVERAGE, Severity.WARNING, "coverage", message, detail=detail)
