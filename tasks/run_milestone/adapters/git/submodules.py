"""Fill the submodules of a tree from what the person has fetched of them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from .objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .cmd import GitCmd

_EDITED = (
    ("diff-files", "--name-only", "--ignore-submodules"),
    ("ls-files", "--others", "--exclude-standard", "--exclude=__pycache__/"),
)
"""Lists changed and gone files, and new ones."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")


class Submodules(Objects):
    """The submodules of commits. Their remotes are never asked."""

    _git: GitCmd

    def submodules(self, tree: Path, commit: str, index: str) -> tuple[str, ...]:
        """Check out the submodules whose commits are in the user's repository, and those inside of them.

        Returns the paths of all submodules of the commit.
        """
        links = self._gitlinks(commit)
        for path, sha in links:
            self._checkout_submodule(tree / path, path, sha, _index_of(index, path))
        return tuple(path for path, _ in links)

    def edited_submodules(self, tree: Path, commit: str, index: str) -> tuple[str, ...]:
        """Return the submodules of a commit whose files in the tree are others now. No commit of the tree holds that.

        Those inside of submodules are not looked at.
        """
        filled = (path for path, sha in self._gitlinks(commit) if self._store_of(path, sha) is not None)
        return tuple(path for path in filled if self._is_edited(tree / path, _index_of(index, path)))

    def _is_edited(self, inside: Path, name: str) -> bool:
        if inside.is_symlink() or not inside.is_dir():
            return True
        listed = (self._git.run(*words, tree=inside, index=name) for words in _EDITED)
        return any(listed)

    def absent_submodules(self, commit: str) -> tuple[str, ...]:
        """Return the submodules whose commits the person has not fetched, so that they are empty in every tree."""
        return tuple(path for path, sha in self._gitlinks(commit) if self._store_of(path, sha) is None)

    def _checkout_submodule(self, inside: Path, path: str, sha: str, name: str) -> None:
        store = self._store_of(path, sha)
        if store is None:
            return
        env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(store)}
        inside.mkdir(parents=True, exist_ok=True)
        self._git.run("read-tree", "--reset", "-u", sha, tree=inside, index=name, env=env)
        self._git.run("checkout-index", "-a", "-f", tree=inside, index=name, env=env)
        for inner, commit in self._gitlinks(sha, env):
            below = f"{path}/{inner}"
            self._checkout_submodule(inside / inner, below, commit, f"{name}-{_NOT_PLAIN.sub('_', inner)}")

    def object_ids(self, commit: str, kind: str = "", env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the ids of a commit's files and submodules by their paths, with a `kind` only those of that mode."""
        rows = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit, env=env).split("\0")
        entries = (row.partition("\t") for row in rows if row.startswith(kind) and row)
        return {path: facts.split(" ")[2] for facts, _, path in entries}

    def _gitlinks(self, commit: str, env: Mapping[str, str] | None = None) -> tuple[tuple[str, str], ...]:
        """Return path and commit of every submodule of a commit."""
        return tuple(self.object_ids(commit, "160000 ", env).items())

    def _store_of(self, path: str, sha: str) -> Path | None:
        """Return the object store of a submodule that holds a commit, None where the person has not fetched it."""
        for store in _objects_of(self._git.common, path):
            if self._git.call("cat-file", "-e", sha, env={"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(store)}).code == 0:
                return store
        return None


def _index_of(index: str, path: str) -> str:
    return f"{index}-{_NOT_PLAIN.sub('_', path)}"


def _objects_of(common: Path, submodule: str) -> list[Path]:
    """Return the object stores that git may keep for a submodule: by its name, which is most often its path."""
    stores = [common / "modules" / submodule / "objects", common.parent / submodule / ".git" / "objects"]
    return [store for store in dict.fromkeys((*stores, *_stores_below(common / "modules"))) if store.is_dir()]


def _stores_below(modules: Path) -> Iterator[Path]:
    """Yield the object store of every submodule, at any depth, because names may hold slashes."""
    for folder, folders, files in os.walk(modules):
        if "HEAD" in files and "objects" in folders:
            yield Path(folder, "objects")
            folders[:] = [name for name in folders if name == "modules"]
