"""Tells from a path what a file is: a test, prose, a lock file, Python."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..core.globs import matches

LOCK_FILES = frozenset(
    {
        "Cargo.lock",
        "Package.resolved",
        "Podfile.lock",
        "bun.lock",
        "bun.lockb",
        "conda-lock.yml",
        "deno.lock",
        "flake.lock",
        "gradle.lockfile",
        "mix.lock",
        "packages.lock.json",
        "pixi.lock",
        "pubspec.lock",
        "Gemfile.lock",
        "Pipfile.lock",
        "composer.lock",
        "go.sum",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "pdm.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "pylock.toml",
        "uv.lock",
        "yarn.lock",
    }
)
_TESTS = (
    *(
        "**/tests/**",
        "**/test/**",
        "**/__tests__/**",
        "**/e2e/**",
        "**/cypress/**",
        "**/spec/**/*.rb",
        "**/spec/**/*.[jt]s",
    ),
    *("**/test_*.py", "**/*_test.py", "**/tests.py", "**/*_tests.py", "**/tests_*.py"),
    *("**/*.test.*", "**/*.spec.*", "**/test.[jt]s", "**/test.[cm][jt]s", "**/test.[jt]sx", "**/test-*.[jt]s"),
    *("**/test-*.[cm][jt]s", "**/*[-_]test.[jt]s", "**/*[-_]test.[cm][jt]s", "**/*[-_]spec.[jt]s"),
    *("**/*_test.go", "**/*_test.rs", "**/tests.rs", "**/*_spec.rb", "**/*_test.rb", "**/test_*.rb", "**/*_test.exs"),
    *(
        "**/*Test.java",
        "**/*Tests.java",
        "**/*IT.java",
        "**/*Test.kt",
        "**/*Tests.kt",
        "**/*Spec.scala",
        "**/*Spec.groovy",
    ),
    *(
        "**/*Test.php",
        "**/*Test.cs",
        "**/*Tests.cs",
        "**/*Tests.swift",
        "**/*_test.dart",
        "**/*_test.cc",
        "**/*_test.cpp",
    ),
    *("**/*.bats", "**/*.feature", "**/*_test.sh", "**/*.t"),
)
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})


def is_lock_file(path: str) -> bool:
    """Tell whether a package manager wrote the file."""
    return PurePosixPath(path).name in LOCK_FILES


def is_test(path: str) -> bool:
    """Tell whether the file belongs to the tests, by the customs of common test runners."""
    return matches(path, _TESTS)


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


def is_python(path: str) -> bool:
    """Tell whether the file is Python source."""
    return path.endswith((".py", ".pyi"))
