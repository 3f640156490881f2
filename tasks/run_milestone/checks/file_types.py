"""Tells from a path what a file is: a test, prose, a lock file, Python."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..core.globs import matches
from ..core.presets import all_of

_CODE = frozenset(
    (
        *(".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".go", ".rs", ".rb"),
        *(
            ".java",
            ".kt",
            ".scala",
            ".groovy",
            ".c",
            ".cc",
            ".cpp",
            ".h",
            ".hpp",
            ".cs",
            ".php",
            ".swift",
            ".ex",
            ".exs",
        ),
        *(".sh", ".bash", ".pl", ".lua", ".dart", ".clj", ".hs", ".ml", ".erl", ".r", ".jl", ".zig", ".m"),
    )
)
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})


def is_lock_file(path: str) -> bool:
    """Tell whether a package manager wrote the file."""
    return PurePosixPath(path).name in all_of("locks") and not is_requirements(path)


def is_test(path: str, named: tuple[str, ...] = ()) -> bool:
    """Tell whether the file belongs to the tests: the plan's patterns say so, or the customs of common test runners."""
    return matches(path, (*all_of("test_files"), *named))


def is_collected(path: str) -> bool:
    """Tell whether pytest collects the file unless it is told otherwise."""
    return matches(path, ("**/test_*.py", "**/*_test.py"))


def is_prose(path: str) -> bool:
    """Tell whether the file is documentation."""
    return PurePosixPath(path).suffix.lower() in _PROSE and not is_requirements(path)


def is_requirements(path: str) -> bool:
    """Tell whether the file lists requirements for pip."""
    return matches(
        path,
        (
            *("**/*requirements*.txt", "**/*requirements*.in", "**/requirements/*.txt", "**/requirements/*.in"),
            *("**/constraints*.txt", "**/constraints*.in"),
        ),
    )


def is_code(path: str) -> bool:
    """Tell whether the file is source in a language that has tests."""
    return PurePosixPath(path).suffix.lower() in _CODE


def is_python(path: str) -> bool:
    """Tell whether the file is Python source."""
    return path.endswith((".py", ".pyi"))
