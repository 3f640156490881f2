"""Finds added skips and removed assertions by patterns, in test files of languages that are not parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile

SKIP = re.compile(
    r"\b(?:it|test|describe|context|suite)\.(?:skip|only|todo|fixme)\b"  # JavaScript; `only` skips all the others
    r"|\bx(?:it|test|describe|context)\b\s*[(\"']"
    r"|\bf(?:it|describe)\s*\("
    r"|\bt\.Skip(?:Now|f)?\s*\("  # Go
    r"|@(?:Ignore|Disabled)\b"  # Java, Kotlin
    r"|#\[ignore\b"  # Rust
    r"|^\s*(?:skip|pending)\b"  # Ruby, shell
)
ASSERTION = re.compile(
    r"\bexpect\w*\s*[(!{]|\b(?:assert|require|verify|should)\w*\s*[(!.]|\bt\.(?:Error|Fatal)f?\s*\(|^\s*assert\b"
)


def check(file: ChangedFile) -> Iterator[Finding]:
    """Yield what weakens a test file: it was deleted, skips were added, or more assertions were removed than added."""
    if file.status == "D":
        yield _finding("deleted-tests", f"Test file deleted: {file.path}", file)
        return
    if file.status == "A":
        return
    for line, text in file.added:
        if SKIP.search(text):
            yield _finding("skipped-test", f"Skip added: {text.strip()[:80]}", file, line)
    gone, come = (sum(bool(ASSERTION.search(text)) for _, text in lines) for lines in (file.removed, file.added))
    if gone > come:
        yield _finding("fewer-assertions", f"Assertions removed: {gone} went, {come} came", file)


def _finding(rule: str, message: str, file: ChangedFile, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, file.path, line)
