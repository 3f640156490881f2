"""Finds changes of files that steer the next reader or run: agents, reviewers, git, the plan and its programs."""

from __future__ import annotations

import posixpath
import re
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
    *("**/tsconfig*.json", "**/tslint.json", "**/.jshintrc", "**/.oxlintrc.json", "**/.markdownlint*", "**/.yamllint*"),
    *(
        "**/.shellcheckrc",
        "**/.swiftlint.yml",
        "**/.clang-tidy",
        "**/detekt*.yml",
        "**/.scalafix.conf",
        "**/.credo.exs",
    ),
    *("**/.dialyzer_ignore.exs", "**/.trivyignore*", "**/.snyk", "**/.hadolint.y*ml", "**/knip.json"),
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
    *("**/allowed_signers", "**/.allowed_signers"),
    *("**/.gitmodules", "**/.devcontainer/**", "**/.vscode/tasks.json", "**/.vscode/settings.json", "**/.envrc"),
    *("**/*.pth", "**/*.dist-info/**", "**/*.egg-info/**", "**/sitecustomize.py", "**/usercustomize.py"),
    *("**/AGENTS.override.md", "**/AGENT.md", "**/QWEN.md", "**/WARP.md", "**/SKILL.md", "**/.agents/**", "**/.amp/**"),
    *("**/.roo/**", "**/.roorules*", "**/.kiro/**", "**/.junie/**", "**/.trae/**", "**/.augment/**", "**/.goosehints"),
    *("**/.opencode/**", "**/opencode.json*", "**/.amazonq/**", "**/.factory/**", "**/mcp.json", "**/.tabnine/**"),
    *("**/.coderabbit.y*ml", "**/.sourcery.y*ml", "**/.deepsource.toml", "**/.pr_agent.toml", "**/greptile.json"),
    *("**/renovate.json*", "**/.renovaterc*", "**/.lfsconfig", "**/.mise.toml", "**/mise.toml", "**/.tool-versions"),
    *("**/rust-toolchain", "**/rust-toolchain.toml", "**/.vscode/launch.json", "**/.bazelrc", "**/script.py.mako"),
    *("**/alembic.ini", "alembic/env.py", "migrations/env.py", "**/alembic/env.py", "**/migrations/env.py"),
)
"""Files that agents, reviewers, git, an interpreter or a migration tool obey without being asked."""
_ANY_CASE = tuple(map(str.lower, STEERING))
"""Agents on a file system that ignores case read them in any spelling."""

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
    r"^\s*#\s*(?:ruff|flake8):\s*noqa\b|#\s*pylint:\s*(?:skip-file|disable-all)|^\s*#\s*mypy:\s*ignore-errors"
    r"|^#\s*type:\s*ignore\s*$"
    r"|/\*\s*(?:eslint|oxlint|stylelint)-disable\s*\*/|@ts-nocheck|//\s*biome-ignore-all|#!\[allow\("
    r"|^\s*#\s*pyright:\s*(?:basic|off)|#\s*isort:\s*skip_file|ignore_for_file|@file:\s?Suppress|phpcs:ignoreFile"
    r"|credo:disable-for-this-file|jshint ignore:start|deno-lint-ignore-file|//\s*tslint:disable\s*$"
    r"|swiftlint:disable all",
)
_LINE = re.compile(
    r"#\s*noqa\b|#\s*type:\s*ignore|#\s*pyright:\s*ignore|#\s*pylint:\s*disable|#\s*nosec\b|#\s*pragma:\s*no\s?cover"
    r"|eslint-disable|@ts-ignore|@ts-expect-error|biome-ignore|(?:istanbul|c8|v8) ignore|//\s*nolint|#\[allow\("
    r"|@SuppressWarnings|NOSONAR|rubocop:disable|phpcs:ignore|phpstan-ignore|nosemgrep|gitleaks:allow|allowlist secret"
    r"|#\s*noinspection|#\s*(?:ty|pyrefly):\s*ignore|(?:bandit|sourcery|checkov):?\s*skip|semgrep:\s*ignore"
    r"|tslint:disable|@Suppress\(|@nowarn|standard:disable|phpcs:disable|@psalm-suppress|#pragma warning disable"
    r"|diagnostic ignored|shellcheck disable|swiftlint:disable|deno-lint-ignore|(?:oxlint|stylelint)-disable"
    r"|(?:tfsec|trufflehog|hadolint):?\s*ignore"
    r"|#\s*(?:ruff:\s*disable|mypy:\s*(?:disable|allow))|//\s*ignore:|\bNOLINT",
    re.IGNORECASE,
)


def check(change: Change, file: ChangedFile, started: frozenset[str]) -> Iterator[Finding]:
    """Yield that a file steers the next reader or run, and what it switches off.

    `started` are the files that the plan's commands start.
    """
    paths = [path for path in (file.before, file.after) if path]
    if any(matches(path.lower(), _ANY_CASE) or path in started for path in paths) and not _is_named(change, file):
        verb = {"A": "added", "D": "deleted"}.get(file.status, "changed")
        yield _tampering("steering", f"Configuration of agents, reviewers or runs {verb}: {file.path}", file.path)
    yield from _suppressions(file)


def _is_named(change: Change, file: ChangedFile) -> bool:
    """Tell whether the issue's allowed paths name the file itself."""
    return file.path in change.issue.paths.allow


def _tampering(rule: str, message: str, path: str, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, path, line)


def started(change: Change) -> frozenset[str]:
    """Return the files of the repository that the plan's commands and reviewers start or read."""
    paths = set[str]()
    for words in _commands(change):
        for place, word in enumerate(words):
            if (place == 0 or word.endswith(_SCRIPTS)) and not is_test(word):
                paths.add(posixpath.normpath(word.removeprefix("./")))
            paths.update(_STARTED.get(posixpath.basename(word), ()))
    return frozenset(paths)


def words(change: Change) -> frozenset[str]:
    """Return every word of the plan's commands and reviewers."""
    return frozenset(word for command in _commands(change) for word in command)


def _commands(change: Change) -> list[tuple[str, ...]]:
    commands = change.milestone.commands
    lists = (commands.test, commands.lint, commands.review, *(one.command for one in change.milestone.reviewers))
    by_part = (command for part in commands.parts for command in (part.test, part.lint, part.review) if command)
    return [*lists, *by_part]


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
