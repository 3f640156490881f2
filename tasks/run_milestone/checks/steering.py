"""Finds changes of files that steer the next reader or run: agents, reviewers, git, the plan and its programs."""

from __future__ import annotations

import posixpath
import re
import sys
from typing import TYPE_CHECKING

from ..core.globs import matches
from ..model import Finding, Kind, Severity
from .file_types import is_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

CONFIGURATION = (
    *(
        "**/conftest.py",
        "**/pytest.ini",
        "**/.pytest.ini",
        "**/pytest.toml",
        "**/.pytest.toml",
        "**/tox.ini",
        "**/tox.toml",
    ),
    *(
        "**/setup.cfg",
        "**/noxfile.py",
        "**/.coveragerc",
        "**/ruff.toml",
        "**/.ruff.toml",
        "**/mypy.ini",
        "**/.mypy.ini",
    ),
    *("**/pyrightconfig.json", "**/.flake8", "**/.pylintrc", "**/pylintrc", "**/.bandit", "**/.pre-commit-config.yaml"),
    *(
        "**/.eslintrc*",
        "**/eslint.config.*",
        "**/.eslintignore",
        "**/biome.json*",
        "**/.stylelintrc*",
        "**/jest.config.*",
    ),
    *(
        "**/vitest.config.*",
        "**/karma.conf.*",
        "**/cypress.config.*",
        "**/playwright.config.*",
        "**/.mocharc*",
        "**/.nycrc*",
    ),
    *("**/ava.config.*", "**/.golangci.*", "**/clippy.toml", "**/.clippy.toml", "**/nextest.toml", "**/phpunit.xml*"),
    *("**/phpstan.neon*", "**/.rubocop*.yml", "**/.rspec", "**/checkstyle*.xml", "**/.semgrep*", "**/.gitleaks.toml"),
    *("**/.secrets.baseline", "**/codecov.yml", "**/.codecov.yml", "**/sonar-project.properties", "**/lefthook.yml"),
    *("**/.husky/**", ".github/workflows/**", ".github/actions/**", ".circleci/**", ".gitlab-ci.yml", ".travis.yml"),
    *("azure-pipelines.yml", "Jenkinsfile", "bitbucket-pipelines.yml", ".drone.yml", "appveyor.yml", "buildspec.yml"),
    *(".buildkite/**", ".woodpecker/**", ".woodpecker.yml", "cloudbuild.yaml"),
)
"""Files that decide what the tests, linters and CI do."""

STEERING = (
    *(
        "dodo.py",
        "**/doit.cfg",
        "plans/**",
        "**/plan.yaml",
        "run-milestone.toml",
        "**/.worktreeinclude",
        "**/AGENTS.md",
        "**/CLAUDE.md",
    ),
    *("**/CLAUDE.local.md", "**/GEMINI.md", "**/.claude/**", "**/.cursor/**", "**/.cursorrules", "**/.windsurfrules"),
    *(
        "**/.windsurf/**",
        "**/.codex/**",
        "**/.gemini/**",
        "**/.aider*",
        "**/.continue/**",
        "**/.clinerules",
        "**/.mcp.json",
    ),
    *("**/.github/copilot-instructions.md", "**/.github/instructions/**", "**/CODEOWNERS", "**/.gitattributes"),
    *("**/.gitmodules", "**/.devcontainer/**", "**/.vscode/tasks.json", "**/.vscode/settings.json", "**/.envrc"),
    *("**/*.pth", "**/*.dist-info/**", "**/*.egg-info/**", "**/sitecustomize.py", "**/usercustomize.py"),
)
"""Files that agents, reviewers, git or an interpreter obey without being asked."""

_STARTED = {
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "rake": ("Rakefile",),
    "invoke": ("tasks.py",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
}
"""What programs that a plan's commands start read to know what to do."""

_SCRIPTS = (".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl")

_WHOLE_FILE = re.compile(
    r"#\s*(?:ruff|flake8):\s*noqa\s*$|#\s*pylint:\s*(?:skip-file|disable-all)|#\s*(?:mypy:\s*ignore-errors|type:\s*ignore\s*$)"
    r"|/\*\s*eslint-disable\s*\*/|@ts-nocheck|//\s*biome-ignore-all|#!\[allow\(",
)
_LINE = re.compile(
    r"#\s*noqa\b|#\s*type:\s*ignore|#\s*pyright:\s*ignore|#\s*pylint:\s*disable|#\s*nosec\b|#\s*pragma:\s*no\s?cover"
    r"|eslint-disable|@ts-ignore|@ts-expect-error|biome-ignore|(?:istanbul|c8|v8) ignore|//\s*nolint|#\[allow\("
    r"|@SuppressWarnings|NOSONAR|rubocop:disable|phpcs:ignore|phpstan-ignore|nosemgrep|gitleaks:allow|allowlist secret",
    re.IGNORECASE,
)


def check(change: Change, file: ChangedFile, started: frozenset[str]) -> Iterator[Finding]:
    """Yield that a file steers the next reader or run, that it takes another module's place, and what it switches off.

    `started` are the files that the plan's commands start.
    """
    paths = [path for path in (file.before, file.after) if path]
    if any(matches(path, STEERING) or path in started for path in paths) and not _is_named(change, file):
        verb = {"A": "added", "D": "deleted"}.get(file.status, "changed")
        yield _tampering("steering", f"Configuration of agents, reviewers or runs {verb}: {file.path}", file.path)
    if file.status in {"A", "R"} and _shadows(file.path):
        message = f"{file.path} takes the place of a module of Python's standard library"
        yield _tampering("shadowed-module", message, file.path)
    yield from _suppressions(file)


def _is_named(change: Change, file: ChangedFile) -> bool:
    """Tell whether the issue's allowed paths name the file itself."""
    return file.path in change.issue.paths.allow


def _tampering(rule: str, message: str, path: str, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, path, line)


def started(change: Change) -> frozenset[str]:
    """Return the files of the repository that the plan's commands and reviewers start or read."""
    commands, paths = change.milestone.commands, set[str]()
    lists = (commands.test, commands.lint, commands.review, *(one.command for one in change.milestone.reviewers))
    for words in lists:
        for place, word in enumerate(words):
            if (place == 0 or word.endswith(_SCRIPTS)) and not is_test(word):
                paths.add(posixpath.normpath(word.removeprefix("./")))
            paths.update(_STARTED.get(posixpath.basename(word), ()))
    return frozenset(paths)


def _shadows(path: str) -> bool:
    """Tell a module at a root of imports that Python would take for one of its own."""
    folder, name = posixpath.split(path)
    module = name.removesuffix(".py") if name != "__init__.py" else posixpath.basename(folder)
    root = folder if name != "__init__.py" else posixpath.dirname(folder)
    return path.endswith(".py") and root in {"", "src", "tests", "test"} and module in sys.stdlib_module_names


def _suppressions(file: ChangedFile) -> Iterator[Finding]:
    """Yield what switches checks off: for a whole file it is a stop, for a line it is shown."""
    for line, text in file.added:
        if _WHOLE_FILE.search(text):
            yield _tampering(
                "suppressed-file", f"Checks switched off for a whole file: {text.strip()[:80]}", file.path, line
            )
        elif is_suppressed(text):
            message = f"Checks switched off for a line: {text.strip()[:80]}"
            yield Finding(Kind.PROTECTED, Severity.WARNING, "suppressed-line", message, file.path, line)


def is_suppressed(text: str) -> bool:
    """Tell whether a line switches a check off."""
    return bool(_LINE.search(text))
