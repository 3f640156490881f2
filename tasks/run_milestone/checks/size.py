"""Finds changes that are too large for one person to review, and changes without effect."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity
from .file_types import is_lock_file, is_prose, is_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

CODE_ASKED = frozenset({"feat", "fix", "perf", "refactor", "test"})
"""Types of issue that prose and comments alone do not answer."""
NO_CODE_ASKED = "where the issue asks for no code, give it `type: docs` in the plan and run again"
"""How a person says that prose is what was wanted."""

REFUSED = 100_000_000
"""Bytes of one file. The common forges refuse a push that holds a larger one."""
SHOWN = 5
"""How many files a finding names."""

_BRACES = (".js", ".jsx", ".ts", ".tsx", ".go", ".rs", ".java", ".kt", ".c", ".h", ".cpp")
_COMMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("", ".py", ".pyi", ".sh", ".rb", ".yaml", ".yml", ".toml", ".cfg"), ("#",)),
    **dict.fromkeys(_BRACES, ("//", "/*", "*")),
    ".sql": ("--",),
}
_BRACES_COMMENT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""", re.DOTALL
)
"""A comment of a language with braces, or a text in quotes, which may look like one."""


def check(change: Change) -> Iterator[Finding]:
    """Yield what is over the limits, or that nothing was changed. Lock files do not count: a tool writes them."""
    counted = [file for file in change.files if not is_lock_file(file.path)]
    limits, lines = change.milestone.limits, sum(file.lines for file in counted)
    yield from _binaries(change, [file for file in counted if file.binary and file.after])
    if len(counted) > limits.files:
        yield _large("files", len(counted), limits.files)
    if lines > limits.lines:
        yield _large("lines", lines, limits.lines)
    if not change.files:
        yield _empty("no-change", "The branch changes nothing")
    elif change.issue.type in CODE_ASKED and not any(_has_code(change, file) for file in change.files):
        yield _empty("no-code", "Only comments, documentation or blank lines were changed", NO_CODE_ASKED)


def _binaries(change: Change, files: list[ChangedFile]) -> Iterator[Finding]:
    """Count binary files by bytes. One that no forge takes cannot be approved."""
    sizes = {file.path: change.size(file) for file in files}
    for path, size in sizes.items():
        if size > REFUSED:
            message = f"{path} is {_bytes(size)}. Forges refuse files over {_bytes(REFUSED)}"
            yield Finding(Kind.SIZE, Severity.CRITICAL, "refused", message, path)
    total, limit = sum(sizes.values()), change.milestone.limits.bytes
    if total > limit:
        message = f"{_bytes(total)} of binary files changed, the limit is {_bytes(limit)}"
        largest = sorted(sizes, key=lambda path: (-sizes[path], path))[:SHOWN]
        detail = ", ".join(f"{path}: {_bytes(sizes[path])}" for path in largest)
        yield Finding(Kind.SIZE, Severity.WARNING, "bytes", message, detail=detail)


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB".replace(".0 MB", " MB") if size >= 100_000 else f"{size:,} bytes"


def _large(what: str, count: int, limit: int) -> Finding:
    return Finding(Kind.SIZE, Severity.WARNING, what, f"{count:,} {what} changed, the limit is {limit:,}")


def _empty(rule: str, message: str, detail: str = "") -> Finding:
    return Finding(Kind.EMPTY, Severity.CRITICAL, rule, message, detail=detail)


def _has_code(change: Change, file: ChangedFile) -> bool:
    if file.binary or file.status == "R":
        return True
    if is_prose(file.path):
        return False
    if is_python(file.path):
        before, after = (_meaning(text) for text in change.texts(file))
        if before is not None and after is not None:
            return before != after
    if any(_is_code(file.path, text) for _, text in (*file.added, *file.removed)):
        return True
    if PurePosixPath(file.path).suffix.lower() not in _BRACES:
        return False
    old, new = map(_without_comments, change.texts(file))
    return old != new


def _without_comments(source: str) -> list[str]:
    """Return the words of a source without its comments: a line that begins with a star may be code."""
    return _BRACES_COMMENT.sub(lambda match: match["text"] or " ", source).split()


def _meaning(source: str) -> str | None:
    """Return Python source without comments, layout and docstrings; None where it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _documented(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _is_code(path: str, line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith(_COMMENTS.get(PurePosixPath(path).suffix.lower(), ("\0",)))
