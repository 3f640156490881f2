"""See what the projects of one repository have in common: one set-up, tests of all, and which is built from which."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..core.globs import matches
from ..core.presets import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..core.presets import Command, Language, Tool

_NAME = r"""^[\s{]*(?:"name"\s*:\s*"|name\s*=\s*["']|module\s+)([\w@./-]+)"""
_PASSED = {"node_modules", "vendor", "target", "build", "dist"}


@dataclass(frozen=True, slots=True)
class Part:
    """One project in a repository: where it lies, and the tools it is set up, tested and linted by."""

    folder: str
    language: Language
    manager: Tool | None = None
    manager_sign: str = ""
    """The file that says which manager it is."""
    runner: Tool | None = None
    linter: Tool | None = None
    migrations: str = ""
    """The file or folder that says there are migrations."""
    setup: tuple[Command, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Folders of the parts that its manifest names."""

    @property
    def at_top(self) -> bool:
        """Whether the project is the repository itself."""
        return self.folder == "."

    def here(self, command: Command) -> Command:
        """Return a command as it starts at the top of the repository."""
        return command if self.at_top or not command else ("env", "-C", self.folder, *command)

    def path(self, name: str) -> str:
        """Return a path of the project as seen from the top of the repository."""
        return name if self.at_top else f"{self.folder}/{name}"


def monorepo(root: Path, parts: Sequence[Part]) -> list[Part]:
    """Return the parts of a repository that has several: set up once, tested where they have tests, with their needs.

    Where none has tests that are known as such, the script at the top of a workspace tests all.
    """
    several = list(_several(root, parts))
    if any(part.runner for part in several):
        return several
    scripts = {part.language.name: part.runner for part in parts if part.at_top and not _is_last(part)}
    return [replace(part, runner=scripts.get(part.language.name)) if part.at_top else part for part in several]


def _several(root: Path, parts: Sequence[Part]) -> Iterator[Part]:
    names = {part.folder: _name(root, part) for part in parts if not part.at_top}
    tops = {part.language.name: part for part in parts if part.at_top and _is_workspace(root, part)}
    for part in parts:
        top = tops.get(part.language.name)
        if top is not None and top is not part and "--workspace" in (top.runner.test if top.runner else ()):
            continue  # one command tests every member
        is_member = top is not None and top is not part and part.manager_sign not in part.language.locks
        shared = replace(part, setup=(), env={}) if is_member else part
        is_tested = _is_tested(root, part, names, top)
        yield replace(shared, runner=part.runner if is_tested else None, needs=tuple(_needs(root, part, names)))


def _is_workspace(root: Path, part: Part) -> bool:
    return any(sign.is_in(root) for sign in part.language.workspaces)


def _name(root: Path, part: Part) -> str:
    """Return what other manifests call a project, empty where it has no name."""
    texts = (text_of(root / part.folder / manifest) for manifest in part.language.manifests)
    return next((match[1] for text in texts if (match := re.search(_NAME, text, re.MULTILINE))), "")


def _needs(root: Path, part: Part, names: dict[str, str]) -> Iterator[str]:
    """Yield the folders of the parts that a project's manifest names, by their name or by their place."""
    texts = "\n".join(text_of(root / part.folder / manifest) for manifest in part.language.manifests)
    for folder, name in () if part.at_top else names.items():
        place = os.path.relpath(folder, part.folder)
        if folder != part.folder and any(_is_named(each, texts) for each in (name, place) if each):
            yield folder


def _is_named(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w@/.-]){re.escape(name)}(?![\w/.-])", text) is not None


def _is_tested(root: Path, part: Part, others: Iterable[str], top: Part | None) -> bool:
    """Return whether a project has tests of its own: a script for them, or files that are called so.

    The script at the top of a workspace runs those of its members, each of which has its own command. Where the top
    names a runner and a member none, the member's tests are the top's.
    """
    if part.runner is None or "--workspace" in part.runner.test:
        return part.runner is not None
    is_last = _is_last(part)
    if is_last and top is not None and top is not part and top.runner and not _is_last(top):
        return False
    if is_last or top is part:
        return any(matches(path, part.language.test_files) for path in _files(root / part.folder, others))
    return True


def _is_last(part: Part) -> bool:
    """Return whether nothing but the language says how a project is tested."""
    return part.runner is not None and part.runner.when == part.language.runners[-1].when


def _files(folder: Path, others: Iterable[str]) -> Iterator[str]:
    """Yield the files below a folder, without those of other parts and of what is installed."""
    passed = {*_PASSED, *others}
    for place, folders, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        folders[:] = [
            name
            for name in folders
            if name not in _PASSED and not name.startswith(".") and os.path.normpath(f"{inside}/{name}") not in passed
        ]
        yield from (os.path.normpath(f"{inside}/{name}") for name in names)
