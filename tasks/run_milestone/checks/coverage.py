"""Reads from a coverage report which of the changed lines the tests ran."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..model import Coverage, Finding, Kind, Severity
from .file_types import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model.change import ChangedFile

SHOWN = 5
"""How many places a finding names."""


def measured(report: str, files: Iterable[ChangedFile], migrations: str) -> Coverage | None:
    """Return what a report in coverage's JSON says of the lines that `files` add; None where it is not such a report.

    Test files do not count. Migrations do not count either, because another check judges them.
    """
    try:
        measurements = json.loads(report)["files"]
        lines = {file.path: _lines(measurements.get(file.path), file) for file in files if _counts(file, migrations)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    missed = [place for path, (_, absent) in lines.items() for place in _places(path, absent)]
    run = sum(len(ran) for ran, _ in lines.values())
    return Coverage(run + sum(len(absent) for _, absent in lines.values()), run, tuple(missed))


def _counts(file: ChangedFile, migrations: str) -> bool:
    return not is_test(file.path) and not PurePosixPath(file.path).is_relative_to(migrations)


def _lines(measurement: Any, file: ChangedFile) -> tuple[list[int], list[int]]:
    """Return the added lines that ran and those that did not. A line without code is neither."""
    if measurement is None:
        return [], []
    added = {number for number, _ in file.added}
    return sorted(added & set(measurement["executed_lines"])), sorted(added & set(measurement["missing_lines"]))


def _places(path: str, lines: list[int]) -> Iterator[str]:
    """Yield `src/a.py: 3-5` per stretch of lines."""
    for _, stretch in groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in stretch]
        yield f"{path}: {numbers[0]}" + (f"-{numbers[-1]}" if len(numbers) > 1 else "")


def findings(coverage: Coverage | None, limit: int) -> Iterator[Finding]:
    """Yield a finding where the tests run too few of the changed lines. Without a measurement there is none."""
    if coverage is None or 100 * coverage.covered >= limit * coverage.lines:
        return
    others = f" and {len(coverage.missed) - SHOWN} more" if len(coverage.missed) > SHOWN else ""
    detail = f"not run: {', '.join(coverage.missed[:SHOWN])}{others}"
    share = 100 * coverage.covered // coverage.lines
    message = f"The tests run {coverage.covered:,} of {coverage.lines:,} changed lines ({share} %, limit {limit} %)"
    yield Finding(Kind.COVERAGE, Severity.WARNING, "coverage", message, detail=detail)
