"""Finds added skips and removed assertions by patterns, in test files of languages that are not parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..core.presets import all_of, any_of
from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

_RUST = re.compile(
    r"#\[(?:\w+::)*(?:test|rstest|proptest|test_case|wasm_bindgen_test)\b[^\]]*\](?P<marks>(?:\s*#\[[^\]]*\])*)"
    r"\s*(?:pub )?(?:async )?fn (?P<name>\w+)"
)
_EXAMPLE = re.compile(r"^\s*>>>\s|^\s*///.*\bassert")


def names(text: str) -> frozenset[str]:
    """Return the names of the tests that a text declares, in the forms of common runners."""
    return frozenset(match["name"] for form in all_of("names") for match in re.finditer(form, text, re.MULTILINE))


def names_that_come(change: Change) -> frozenset[str]:
    """Return the names of tests on added lines: one that only moved is not removed."""
    added = "\n".join(text for file in change.files if change.is_test(file.path) for _, text in file.added)
    return names(added)


def brings_test(change: Change) -> bool:
    """Return whether the change touches a file of tests, or adds one inside of source, or an example that runs."""
    return any(change.is_test(file.path) or _holds_test([text for _, text in file.added]) for file in change.files)


def _holds_test(lines: list[str]) -> bool:
    text = "\n".join(lines)
    return bool(_RUST.search(text) or names(text)) or any(map(_EXAMPLE.search, lines))


def check(file: ChangedFile, come: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yield what weakens a test file: it was deleted, tests went, skips came, or more assertions went than came.

    `come` are the names of tests that the change adds anywhere.
    """
    if file.status == "D":
        yield _finding("deleted-tests", f"Test file deleted: {file.path}", file)
        return
    if file.status == "A":
        return
    ran = "\n".join(text for _, text in file.removed if not any_of("skips").search(text))
    gone = names(ran) - come - names("\n".join(text for _, text in file.added))
    yield from (_finding("removed-test", f"Test removed: {name}", file) for name in sorted(gone))
    for line, text in file.added:
        if any_of("skips").search(text):
            yield _finding("skipped-test", f"Skip added: {text.strip()[:80]}", file, line)
    asserts = any_of("assertions")
    removed, added = (sum(bool(asserts.search(text)) for _, text in lines) for lines in (file.removed, file.added))
    if removed > added and not gone:
        yield _finding("fewer-assertions", f"Assertions removed: {removed} went, {added} came", file)


def inline(change: Change, file: ChangedFile) -> Iterator[Finding]:
    """Yield what weakens tests inside of source: Rust's, and examples in documentation that run as tests."""
    if file.status == "D" or not file.path.endswith((".rs", ".py")):
        return
    removed, added = (sum(bool(_EXAMPLE.search(text)) for _, text in lines) for lines in (file.removed, file.added))
    if removed > added:
        yield _finding("fewer-examples", f"Examples that run as tests removed: {removed} went, {added} came", file)
    if file.path.endswith(".rs") and file.status != "A":
        yield from _rust(change, file)


def _rust(change: Change, file: ChangedFile) -> Iterator[Finding]:
    before, after = (_rust_tests(text) for text in change.texts(file))
    for name, (ignored, asserts) in before.items():
        if name not in after:
            yield _finding("removed-test", f"Test removed: {name}", file)
            continue
        if after[name][0] and not ignored:
            yield _finding("skipped-test", f"Skip added: {name}", file)
        if after[name][1] < asserts:
            yield _finding("fewer-assertions", f"Assertions removed: {name} had {asserts}, has {after[name][1]}", file)


def _rust_tests(text: str) -> dict[str, tuple[bool, int]]:
    """Return by name whether a test is ignored, and how often it asserts before the next test begins."""
    tests, matches = dict[str, tuple[bool, int]](), list(_RUST.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):  # no test at all leaves one end
        asserts = len(re.findall(r"\b(?:assert\w*!|panic!|\.unwrap\(\)|\?;)", text[match.end() : end]))
        tests[match["name"]] = ("ignore" in match["marks"] or "ignore" in match[0], asserts)
    return tests


def _finding(rule: str, message: str, file: ChangedFile, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, file.path, line)
