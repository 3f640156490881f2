"""Read the report that a test command leaves: JUnit XML, a folder of it, or the lines of `go test -json`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import read_text
from ..core.text import for_terminal
from ..model import Case, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from junitparser import TestCase

LARGEST = 64 * 1024 * 1024
"""Bytes of one report."""
MOST_FILES = 5_000
OUTPUT_LINES = 20
OUTPUT_LENGTH = 2_000
"""Of a failure, in lines and characters."""

_UNFIT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bceBCE]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
"""Control characters, which runners copy from a test's output and XML does not allow."""


class ReportError(ValueError):
    """The report cannot be read."""


def read_report(path: Path) -> tuple[Case, ...] | None:
    """Return the tests in a report, None where there is none. It was written by code of the tree, so it is data.

    Errors: ReportError, with why it cannot be read.
    """
    if path.is_dir() and not path.is_symlink():
        files = sorted(path.glob("**/*.xml"))[:MOST_FILES]
        return tuple(case for file in files for case in _file(file) or ()) if files else None
    return _file(path)


def _file(path: Path) -> tuple[Case, ...] | None:
    try:
        text = read_text(path, LARGEST)
    except DamagedStateError as error:
        raise ReportError(str(error.args[0]).partition("cannot be read: ")[2].rstrip(".")) from None
    if text is None:
        return None
    return tuple(_from_go(text)) if text.lstrip().startswith("{") else _from_xml(text)


def _from_xml(text: str) -> tuple[Case, ...]:
    from junitparser import JUnitXml
    from junitparser.junitparser import JUnitXmlError

    if not text.strip():
        raise ReportError("it is empty")
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text):
        raise ReportError("it declares a document type, which no JUnit report needs")
    try:
        return tuple(_cases(JUnitXml.fromstring(_UNFIT.sub("", text).encode())))
    except (JUnitXmlError, SyntaxError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise ReportError(f"it is no JUnit XML ({' '.join(str(error).split())[:80]})") from None


def _cases(report: Iterable[Any], suite: str = "") -> Iterator[Case]:
    for part in report:
        if hasattr(part, "is_failure"):
            yield _case(part, suite)
        else:
            yield from _cases(part, str(getattr(part, "name", "") or ""))


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


# ---- go -----------------------------------------------------------------------------------------------------------

_GO = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}


def _from_go(text: str) -> Iterator[Case]:
    """Yield the tests that `go test -json` tells of, and a package that did not build as one that failed."""
    output: dict[tuple[str, str], str] = {}
    tested = set[str]()
    for line in text.splitlines():
        event = _event(line)
        package, test, action = (str(event.get(key) or "") for key in ("Package", "Test", "Action"))
        if action == "output":
            output[package, test] = output.get((package, test), "")[-OUTPUT_LENGTH:] + str(event.get("Output") or "")
        elif action in _GO and (test or (action == "fail" and package not in tested)):
            tested.add(package)
            why = last_output(output.get((package, test), "")) if action == "fail" else ""
            yield Case(package if test else "", test or package, _GO[action], output=why)


def _event(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line) if line.strip() else {}
    except (ValueError, RecursionError):
        raise ReportError("one of its lines is no JSON") from None
    if not isinstance(value, dict):
        raise ReportError("one of its lines is no event of `go test -json`")
    return value
