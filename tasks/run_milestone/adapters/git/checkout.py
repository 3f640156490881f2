"""Check commits out into work trees, commit what is in them, and merge."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import OutsideError, UsageError
from ...core.fs import remove_tree, write_text
from .cmd import NOTHING, checked, lying, object_id
from .leftovers import refuse_flood, tidy
from .lfs import Lfs
from .submodules import Submodules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .cmd import GitCmd

_ONE_FLUSH = (("core.fsyncMethod", "batch"),)
"""Thousands of new files reach the disk together, which is as safe as one by one and takes seconds, not minutes."""

_ADDED_OR_CHANGED = (
    ("ls-files", "-z", "--others", "--exclude-standard"),
    ("diff-files", "-z", "--name-only", "--diff-filter=d"),
)
"""List what a commit takes up, without what it takes away."""

_SEARCHED = 500
"""Commits of a base that are compared with what an issue stands on."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge: its tree, and the paths with conflict markers."""

    tree: str
    conflicts: tuple[str, ...] = ()


class Checkout(Submodules, Lfs):
    """The runner's work trees, each with an index in its own git directory."""

    _git: GitCmd
    _identity: tuple[str, str]
    signs: bool
    """Whether the operator's configuration asks for signed commits."""
    _fresh: dict[str, str]
    """The commit of every index that was checked out in this run and not changed since."""

    _aside: dict[str, tuple[str, ...]]
    """Paths of every index that are never committed: what a setup made, and copies of the person's files."""
    _modules: dict[str, tuple[str, ...]]
    """The submodules of every index."""

    def checkout(
        self, tree: Path, commit: str, index: str, keep: tuple[str, ...] = (), *, submodules: bool = True
    ) -> None:
        """Make `tree` hold exactly what `commit` holds, its submodules included, and the untracked paths `keep`.

        Errors: UsageError where the folder was not made by the runner: it may be a person's work.
        """
        self._fresh.pop(index, None)
        self._claim(tree, index)
        new = _made(tree) or _made_again(tree)
        (self._git.dir / f"index-{index}.lock").unlink(missing_ok=True)
        self.fetch_lfs(commit)
        self._read_tree(commit, index, "-u", tree=tree)
        if not new:
            kept = [word for path in keep for word in ("-e", f"/{_escaped(path)}")]
            self._git.run("clean", "-ffdxq", *kept, tree=tree, index=index)
        self._aside[index] = keep
        self._modules[index] = self.submodules(tree, commit, index) if submodules else ()
        self._fresh[index] = commit

    def set_aside(self, index: str, paths: Iterable[str]) -> None:
        """Never commit these paths of a tree."""
        self._aside[index] = tuple(dict.fromkeys((*self._aside.get(index, ()), *paths)))

    def untracked(self, tree: Path, index: str) -> tuple[str, ...]:
        """Return the files and folders in a tree that no commit holds, ignored ones included."""
        rows = self._git.run("ls-files", "--others", "--directory", "-z", tree=tree, index=index).split("\0")
        return tuple(path.rstrip("/") for path in rows if path)

    def restore(self, tree: Path, index: str) -> tuple[str, ...]:
        """Put back the tracked files of a tree that were changed. Returns them."""
        changed = self._git.run("diff-files", "--name-only", "-z", "--ignore-submodules", tree=tree, index=index)
        paths = tuple(path for path in changed.split("\0") if path)
        if paths:
            self._git.run("checkout-index", "-f", "-z", "--stdin", tree=tree, index=index, stdin=changed)
        return paths

    def _read_tree(self, commit: str, index: str, *options: str, tree: Path | None = None) -> None:
        """Read a commit into an index, and with `-u` into the tree. git always writes a new index."""
        before = self._written(index)
        self._git.run("read-tree", "--reset", *options, commit, tree=tree, index=index)
        if self._written(index) == before:
            raise lying(f"checked out {commit[:10]}")

    def _written(self, index: str) -> tuple[int, int] | None:
        """Return what changes whenever an index is written, None where there is none."""
        try:
            status = os.stat(self._git.dir / f"index-{index}")
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _claim(self, tree: Path, index: str) -> None:
        """Record that `tree` is ours before it exists. The record also holds in a copied or moved project."""
        claim, place = self._git.dir / f"tree-{index}", os.path.relpath(tree, self._git.dir)
        ours = claim.exists() and claim.read_text(encoding="utf-8") == place
        if tree.is_symlink() or (tree.exists() and not ours):
            raise UsageError(
                f"{tree} is in the way: it was not made by this run, so it is left alone.",
                "Move it elsewhere and run the same command again.",
            )
        if not ours:
            claim.write_text(place, encoding="utf-8")

    def commit(self, tree: Path, parent: str, index: str, message: str, *, merged: str | None = None) -> str:
        """Commit what `tree` holds on top of `parent`. Returns `parent` where nothing differs.

        With `merged` the commit is a merge of that commit into `parent`, also where nothing differs.

        Errors: OutsideError where the tree was replaced by a link, which may lead to any files, or holds too much.
        """
        if tree.is_symlink():
            raise OutsideError(f"{tree} was replaced by a link.", "Remove the link and run the same command again.")
        tidy(tree)
        before = self._written(index)
        modules = [f":(exclude,top,literal){path}" for path in self._modules.get(index, ())]
        places, adding = ("--", ".", *modules), self._adding(index)
        listed = [self._git.call(*words, *places, tree=tree, index=index, config=adding) for words in _ADDED_OR_CHANGED]
        paths = [path for one in listed for path in one.out.split("\0")[:-1]]
        refuse_flood(tree, paths, truncated=any(one.truncated for one in listed))
        self._git.run("add", "--all", *places, tree=tree, index=index, config=adding)
        unchanged = self._written(index) == before and merged is None
        if unchanged and self._fresh.pop(index, None) == parent:
            return parent  # nothing was added since the checkout, and nothing removed
        made = object_id(self._git.run("write-tree", tree=tree, index=index), "the tree")
        if merged is not None:
            return self._commit_tree(made, (parent, merged), message)
        return parent if made == self.tree_of(parent) else self._commit_tree(made, (parent,), message)

    def _adding(self, index: str) -> tuple[tuple[str, str], ...]:
        """Return the configuration for adding files: what was set aside counts as ignored, and new bytecode."""
        ignored = self._git.dir / f"ignored-{index}"
        lines = ("__pycache__/", *(f"/{_escaped(path)}" for path in self._aside.get(index, ())))
        write_text(ignored, "".join(f"{line}\n" for line in lines))
        return (*_ONE_FLUSH, ("core.excludesFile", str(ignored)))

    def merged(self, one: str, other: str) -> Merged:
        """Merge two commits without touching any tree."""
        return self._merge(one, other)

    def conflicts(self, one: str, other: str) -> tuple[str, ...]:
        """Return the paths in which two commits conflict. The repository gets no objects from the merge."""
        if self.is_ancestor(one, other) or self.is_ancestor(other, one):
            return ()
        place = str(self._git.common / "objects").replace("\\", "\\\\").replace('"', '\\"')
        with tempfile.TemporaryDirectory(prefix="run-milestone-") as folder:
            objects = {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{place}"'}
            return self._merge(one, other, objects).conflicts

    def _merge(self, one: str, other: str, env: Mapping[str, str] | None = None) -> Merged:
        words = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", one, other)
        result = self._git.call(*words, env=env)
        output = result.out if result.code == 1 else checked(words, result).out
        tree, *names = output.split("\0")
        paths = tuple(sorted({name for name in names if name}))
        if result.code == 1 and not paths:
            raise OutsideError(
                f"git could not merge {other[:10]}: {result.err.strip()}.", "Run the same command again."
            )
        return Merged(object_id(tree, "the merged tree"), paths)

    def merged_past(self, head: str, tip: str, held: Iterable[str]) -> Merged:
        """Merge `tip` into `head`, where `tip` may hold the commits `held` as others: squashed, rebased, picked.

        git would see their lines changed twice. What is the same by content is the common base instead.
        """
        past = head
        for commit in held:
            arrived = None if self.is_ancestor(commit, tip) else self._arrival(commit, tip)
            base = past if self.is_ancestor(commit, past) else self.overlay(past, commit)
            merged = self._merged_on(commit, base, arrived) if arrived and self.is_ancestor(commit, base) else None
            past = self._unnamed(merged, base, arrived) if merged and arrived else past
        return self.merged(past, tip)

    def _arrival(self, commit: str, tip: str) -> str | None:
        """Return the first commit on the way to `tip` that holds the content of `commit`, None where none does."""
        words = ("rev-list", "--first-parent", "--reverse", f"{self.merge_base(commit, tip)}..{tip}")
        for candidate in self._git.rows(*words)[:_SEARCHED]:
            merged = self.merged(candidate, commit)
            if not merged.conflicts and merged.tree == self.tree_of(candidate):
                return candidate
        return None

    def _merged_on(self, base: str, one: str, other: str) -> str | None:
        """Return the tree of two commits merged on the content of `base`, None where they conflict."""
        ground = self._unnamed(self.tree_of(base))
        sides = [self._unnamed(self.tree_of(commit), ground) for commit in (one, other)]
        merged = self.merged(sides[0], sides[1])
        return None if merged.conflicts else merged.tree

    def join(self, one: str, other: str, message: str, held: Iterable[str] = ()) -> str | None:
        """Return a merge commit of two commits without touching any tree, None where they conflict.

        `held` as `merged_past` takes it.
        """
        merged = self.merged_past(one, other, held)
        return None if merged.conflicts else self._commit_tree(merged.tree, (one, other), message)

    def joined_past(self, head: str, tip: str, held: Iterable[str]) -> str | None:
        """Return a commit that holds what both hold, None where they conflict. No branch holds it.

        `held` as `merged_past` takes it.
        """
        merged = self.merged_past(head, tip, held)
        return None if merged.conflicts else self._unnamed(merged.tree, tip, head)

    def joined_with_marks(self, one: str, other: str) -> str:
        """Return a commit that holds what both hold, conflict markers where they conflict. No branch holds it."""
        return self._unnamed(self.merged(one, other).tree, one, other)

    def graft(self, onto: str, source: str, paths: Iterable[str], index: str) -> str:
        """Return the tree of `onto` with `paths` taken from `source`, also where they do not exist there."""
        wanted = {path: f"0 {NOTHING}\t{path}" for path in paths}
        for row in self._git.run("ls-tree", "-z", source, "--", *wanted).split("\0"):
            facts, _, path = row.partition("\t")
            if path in wanted:
                mode, kind, sha = facts.split(" ")
                wanted[path] = f"{mode} {sha}\t{path}" if kind == "blob" else wanted[path]
        self._read_tree(onto, index)
        self._git.run(
            "update-index", "-z", "--replace", "--index-info", index=index, stdin="\0".join((*wanted.values(), ""))
        )
        return object_id(self._git.run("write-tree", index=index), "the grafted tree")

    def narrowed(self, parent: str, commit: str, paths: Iterable[str], index: str, message: str) -> str:
        """Return a commit on top of `parent` that changes only `paths`, as `commit` does; `parent` for none."""
        wanted = tuple(paths)
        if not wanted:
            return parent
        return self._commit_tree(self.graft(parent, commit, wanted, index), (parent,), message)

    def commit_again(self, commit: str, parents: tuple[str, ...], message: str) -> str:
        """Return a commit that holds the same files as `commit`, with other parents and another message."""
        return self._commit_tree(self.tree_of(commit), parents, message)

    def _commit_tree(self, made: str, parents: tuple[str, ...], message: str) -> str:
        name, email = self._identity
        env = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", email))
        }
        words = [*(word for parent in parents for word in ("-p", parent)), *(("-S",) if self.signs else ())]
        signing = {"at": self._git.common} if self.signs else {}
        made_of = self._git.run("commit-tree", made, *words, "-F", "-", stdin=message, env=env, **signing)
        return object_id(made_of, "the commit")


def _escaped(path: str) -> str:
    """Return a path as git's ignore patterns take it literally."""
    return re.sub(r"([\\*?\[ #!])", r"\\\1", path)


def _made_again(tree: Path) -> bool:
    """Make a tree fit for git. Returns whether it had to be removed for that, and is new."""
    try:
        tidy(tree)
    except OutsideError:
        remove_tree(tree)
        return _made(tree)
    return False


def _made(tree: Path) -> bool:
    """Make the folder. Returns whether it is new, so that nothing else can be in it."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    try:
        tree.mkdir()
    except FileExistsError:
        return False
    return True
