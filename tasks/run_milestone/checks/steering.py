"""Finds changes of files that decide or steer something: tests, linters, CI, agents, reviewers, git and the plan."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from ..core.presets import configuration
from ..model import Finding, Kind, Severity
from .file_types import is_code, is_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

_STARTED = {
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "rake": ("Rakefile",),
    "invoke": ("tasks.py",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn", "bun"), ("package.json",)),
    "composer": ("composer.json",),
}
"""What programs that a plan's commands start read to know what to do."""
_MANIFESTS = frozenset({"package.json", "composer.json"})
"""Those that ordinary changes edit too: other checks look at their scripts."""

_OF_THE_PRODUCT = frozenset(
    {
        *("start", "dev", "serve", "server", "watch", "demo", "example", "bench", "preview", "docs"),
        *("version", "preversion", "postversion", "release", "changelog"),
    }
)
"""Scripts that only start what is built, or number it."""
_SCRIPTS = (".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl")
_TOOL_FOLDERS = frozenset({"scripts", "script", "tools", "tool", "ci", "bin", "hack", "build", "tasks"})
"""Folders of what a repository is built and tested by."""
_WORD = re.compile(r"[\w./@+-]+")


def check(change: Change, file: ChangedFile, started: frozenset[str]) -> Iterator[Finding]:
    """Yield that a file decides or steers something. `started` are the files that the plan's commands start."""
    paths = [path for path in (file.before, file.after) if path]
    verb = {"A": "added", "D": "deleted"}.get(file.status, "changed")
    if file.path in change.issue.paths.allow:
        return
    spared = all(configuration("spared").match(path.lower()) for path in paths)
    if _any(paths, "steers") or (started.intersection(paths) and not spared):
        yield _tampering("steering", f"Configuration of agents, reviewers or runs {verb}: {file.path}", file.path)
    elif _any(paths, "decides"):
        yield _tampering("configuration", f"Test, lint or CI configuration {verb}: {file.path}", file.path)
    elif _any(paths, "shows") and not spared:
        yield Finding(Kind.PROTECTED, Severity.WARNING, "settings", f"Settings {verb}: {file.path}", file.path)


def decides(file: ChangedFile) -> bool:
    """Return whether a file decides what tests, linters and CI do."""
    return _any([path for path in (file.before, file.after) if path], "decides")


def _any(paths: list[str], kind: str) -> bool:
    """Return whether one of the paths is of a kind. Agents on a file system that ignores case read any spelling."""
    return any(configuration(kind).match(path.lower()) for path in paths)


def _tampering(rule: str, message: str, path: str) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, path)


# ---- what the plan's commands start -------------------------------------------------------------------------------


def started(change: Change) -> frozenset[str]:
    """Return the files of the repository that the plan's commands and reviewers start or read.

    What such a file names counts too, where the change touches it: a script of package.json, an included Makefile. The
    product's code does not: most scripts name what they test.
    """
    files = set(_named_by_commands(change))
    waiting, changed = list(files), {path for file in change.files for path in (file.before, file.after) if path}
    while waiting and changed - files:
        path = waiting.pop()
        name, text = posixpath.basename(path), change.text(change.base, path)
        below = _named_in(_commands_in(name, text), posixpath.dirname(path), changed - files)
        below = below if name in _MANIFESTS else {one for one in below if not _is_product(one)}
        waiting += below
        files |= below
    return frozenset(files - _MANIFESTS)


def _named_by_commands(change: Change) -> Iterator[str]:
    for command in (*_commands(change), *change.milestone.tree.setup):
        for place, word in enumerate(command):
            if (place == 0 or word.endswith(_SCRIPTS)) and not is_test(word):
                yield posixpath.normpath(word.removeprefix("./"))
            yield from _STARTED.get(posixpath.basename(word), ())


def words(change: Change) -> frozenset[str]:
    """Return every word of the plan's commands and reviewers."""
    return frozenset(word for command in _commands(change) for word in command)


def _commands(change: Change) -> list[tuple[str, ...]]:
    commands = change.milestone.commands
    lists = (commands.test, commands.lint, commands.review, *(one.command for one in change.milestone.reviewers))
    by_part = (command for part in commands.parts for command in (part.test, part.lint, part.review) if command)
    return [*lists, *by_part]


def _commands_in(name: str, text: str) -> str:
    """Return what a file runs: of a manifest only its scripts, because its entry points are the product itself."""
    if name not in _MANIFESTS:
        return text
    try:
        manifest = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    scripts = manifest.get("scripts", {}) if isinstance(manifest, dict) else {}
    return json.dumps({name: line for name, line in scripts.items() if name not in _OF_THE_PRODUCT})


def _named_in(text: str, folder: str, paths: set[str]) -> set[str]:
    """Return which of the paths a text names, from the root, from its own folder, or by a module's name there."""
    words = {word.removeprefix("./") for word in _WORD.findall(text)}
    places = {posixpath.normpath(posixpath.join(base, word)) for word in words for base in ("", folder)}
    modules = {posixpath.join(folder, f"{word}.py") for word in words}
    beside = {posixpath.join(folder, posixpath.basename(word)) for word in words if "." in word}
    return {path for path in paths & (places | modules | beside) if not is_test(path)}


def _is_product(path: str) -> bool:
    """Tell code that a script only runs or imports, and that issues are about, from parts of the script itself."""
    return is_code(path) and _TOOL_FOLDERS.isdisjoint(path.split("/")[:-1])
