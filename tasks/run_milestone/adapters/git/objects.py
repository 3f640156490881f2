"""Read commits, trees and files, and compare them."""

from __future__ import annotations

import functools
import hashlib
import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from .cmd import OBJECT_ID, checked, lying, object_id
from .hunk_places import with_places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cat_file import CatFile
    from .cmd import GitCmd

DIFF_OPTIONS = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--inter-hunk-context=0"),
    *("--ignore-submodules=none", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Options that no configuration overrides. Another commit of a submodule is a change too."""
RENAMES = ("--find-renames",)
"""A reviewer sees a moved file as one file with the lines that were edited, as forges show it.

The identity of a change is made without: it must not depend on how similar git finds two files.
"""
DIFF_CONFIG = (("core.bigFileThreshold", "4m"),)
"""No file over this size is compared by line, so that no change takes minutes and gigabytes to read."""

_BLOBS = re.compile(rb"^index .*\n(?!Binary files )", re.MULTILINE)
"""The lines with blob ids in a diff, which a clean rebase changes. A binary file has only its ids."""
_WHERE = re.compile(rb"^(?:index .*\n(?!Binary files )|@@ .*\n)", re.MULTILINE)
"""The lines of a diff that a clean rebase changes: blob ids and line numbers. A binary file has only its ids."""

_EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, by the length of the repository's object ids."""
_COUNTED = re.compile(r"(\d+) (file|insertion|deletion)s?\b")
"""How `--shortstat` counts."""
_COMPARED = re.compile(rb"^commit ([0-9a-f]+)\n\n?", re.MULTILINE)
"""What comes before each diff of several. No line of a diff begins like that."""
GROUND = "What a change is compared with\n"
"""The message of a commit that holds what a branch began with and picked from others. No branch holds it."""
CLOSE = 16
"""How many commits back a parent is looked for before git is asked."""
_LOGGED = re.compile(rf"(?:{OBJECT_ID.pattern})\0[^\0]*\0[^\0]*\Z")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit between base and head. `attempt` made it; `ours` says whether the runner did."""

    sha: str
    subject: str
    attempt: int | None
    ours: bool = True


class Objects:
    """Reads the repository's objects. Moves nothing."""

    _git: GitCmd
    _own: CatFile
    """Reads in the runner's own git directory."""

    def has(self, sha: str) -> bool:
        """Return whether a commit is in the object store."""
        return self._own.resolve(f"{sha}^{{commit}}") is not None

    def tree_of(self, commit: str) -> str:
        """Return the tree that a commit holds."""
        return object_id(self._own.resolve(f"{commit}^{{tree}}") or "", "the tree of a commit")

    @functools.lru_cache(maxsize=1024)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def is_ancestor(self, earlier: str, later: str) -> bool:
        """Return whether `earlier` is contained in `later`."""
        if self._is_close(earlier, later):
            return True
        return self._git.answer("merge-base", "--is-ancestor", earlier, later) is not None

    def _is_close(self, earlier: str, later: str) -> bool:
        """Return whether `earlier` is among the last commits of `later`: then no other git has to start.

        In a shallow clone a commit names parents that git does not count.
        """
        at: str | None = later
        for _ in range(CLOSE):
            if at is None or at == earlier:
                return at is not None
            at = next(iter(self._stored_parents(at)), None)
        return False

    def _stored_parents(self, sha: str) -> tuple[str, ...]:
        """Return the parents of a commit, none where it is not here or the clone is shallow."""
        return _parents(b"" if self._git.is_shallow else self._own.read(sha, "commit") or b"")

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def merge_base(self, one: str, other: str) -> str:
        """Return the best common ancestor of two commits. Errors: OutsideError where they have none."""
        shared = self._git.answer("merge-base", one, other)
        if shared is None:
            what = f"Commits {one[:10]} and {other[:10]} have no history in common."
            raise OutsideError(what, "In a shallow clone, `git fetch --unshallow`; else rebase one on the other.")
        return object_id(shared, "the common ancestor")

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """Return all best common ancestors of two commits. After crossing merges there are several."""
        return tuple(object_id(row, "a common ancestor") for row in self._git.rows("merge-base", "--all", one, other))

    def commits(self, base: str, head: str, *marks: str) -> tuple[Commit, ...]:
        """Return the commits of `base..head`, oldest first. `marks` are what the trailer holds before the attempt."""
        if base == head:
            return ()
        form = "--format=%H%x00%s%x00%(trailers:key=Run-Milestone,valueonly,unfold,separator=%x20)"
        rows = self._git.rows("log", "--reverse", "--topo-order", form, f"{base}..{head}")
        if not all(_LOGGED.match(row) for row in rows):
            raise lying(f"listed the commits up to {head[:10]}")
        return tuple(_commit(row, marks) for row in rows)

    def authors(self, before: str, now: str, base: str) -> tuple[str, ...]:
        """Return who wrote each commit that is in `now`, but neither in `before` nor in `base`. Merges do not count."""
        return tuple(self._git.rows("log", "--no-merges", "--format=%an", now, f"^{before}", f"^{base}"))

    def compare(self, before: str, now: str, paths: tuple[str, ...]) -> str:
        """Return how files differ between two commits."""
        return self._to_file(*RENAMES, before, now, "--", *paths).decode("utf-8", "replace")

    def new_commits(self, head: str, known: Iterable[str]) -> tuple[str, ...]:
        """Return the commits up to `head` that none of the `known` commits holds, oldest first."""
        rows = self._git.rows("rev-list", "--reverse", "--topo-order", head, *(f"^{sha}" for sha in known))
        return tuple(object_id(row, "a commit") for row in rows)

    def commit_text(self, sha: str) -> bytes:
        """Return a commit as git stores it: tree, parents, author, committer, and its message."""
        content = self._own.read(sha, "commit")
        if content is None:
            raise lying(f"listed commit {sha[:10]}")
        return content

    def parents(self, sha: str) -> tuple[str, ...]:
        """Return the parents of a commit, the first one first."""
        return _parents(self.commit_text(sha))

    @functools.lru_cache(maxsize=8)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def diff(self, base: str, head: str, *options: str) -> str:
        """Return the diff from the common ancestor of `base` and `head` to `head`."""
        return self._diff(base, head, *RENAMES, *options).decode("utf-8", "replace")

    def file_diff(self, base: str, head: str, path: str) -> str:
        """Return the diff of one file, from the common ancestor of `base` and `head` to `head`."""
        return self._diff(base, head, *RENAMES, path=path).decode("utf-8", "replace")

    def _diff(self, base: str, head: str, *options: str, path: str | None = None) -> bytes:
        """Return a diff, of one path or of all, through a file: output of git is bounded, a diff must be whole."""
        before = self.common_ground(base, head)
        diff = self._to_file(*options, before, head, "--", *((path,) if path else ()))
        if not diff and path is None and self.tree_of(before) != self.tree_of(head):
            raise lying(f"compared {base[:10]} and {head[:10]}")
        return diff

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def common_ground(self, base: str, head: str) -> str:
        """Return the commit that the change from `base` to `head` is compared with: all that both hold, joined."""
        if self.is_ancestor(base, head) or self.commit_text(base).endswith(GROUND.encode()):
            return base
        first, *others = self.merge_bases(base, head)
        for other in others:
            first = self.overlay(first, other)
        return first

    def overlay(self, one: str, other: str) -> str:
        """Return a commit that holds what both hold, always the same one for the same two. No branch holds it.

        Where they conflict it is the first: nothing better can be said about what both have in common.
        """
        merged = self._git.call("merge-tree", "--write-tree", "--no-messages", one, other)
        if merged.code == 1:
            return one
        tree = checked(("merge-tree",), merged).out
        return self._unnamed(object_id(tree, "what two commits hold"), one, other)

    def _unnamed(self, tree: str, *parents: str, message: str = "") -> str:
        """Return a commit that no branch will hold. Author and time are fixed, so that it is made only once."""
        facts = {"NAME": "run-milestone", "EMAIL": "run-milestone@localhost", "DATE": "@0 +0000"}
        env = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in facts.items()}
        words = [word for parent in parents for word in ("-p", parent)]
        return object_id(self._git.run("commit-tree", tree, *words, stdin=message, env=env), "a commit for comparing")

    def _to_file(self, *words: str) -> bytes:
        """Return what `git diff` writes to a file, however much it is."""
        with tempfile.NamedTemporaryFile(dir=self._git.dir, prefix="diff-") as file:
            env = {"GIT_LITERAL_PATHSPECS": "1"}
            self._git.run("diff", *DIFF_OPTIONS, f"--output={file.name}", *words, env=env, config=DIFF_CONFIG)
            return file.read()

    def measure(self, before: str, after: str) -> tuple[int, int]:
        """Return how many files differ between two commits, and how many lines (added plus deleted)."""
        total = self._git.run("diff", *DIFF_OPTIONS, *RENAMES, "--shortstat", before, after, "--", config=DIFF_CONFIG)
        counts = {noun: int(number) for number, noun in _COUNTED.findall(total)}
        if "file" not in counts and self.tree_of(before) != self.tree_of(after):
            raise lying(f"compared {before[:10]} and {after[:10]}")
        return counts.pop("file", 0), sum(counts.values())

    @functools.lru_cache(maxsize=16)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def changed(self, before: str, after: str, *, gone: bool = False) -> tuple[str, ...]:
        """Return the paths that differ between two commits and are in `after`; with `gone` also those it removed."""
        if before == after:
            return ()
        output = self._to_file("--no-renames", "--name-status", "-z", before, after, "--")
        words = output.decode("utf-8", "surrogateescape").split("\0")[:-1]
        if not words and self.tree_of(before) != self.tree_of(after):
            raise lying(f"compared {before[:10]} and {after[:10]}")
        return tuple(path for status, path in zip(words[::2], words[1::2], strict=True) if gone or status != "D")

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def patch_id(self, base: str, head: str, path: str | None = None) -> str:
        """Return the identity of a change, or of one file's. A clean rebase keeps it. Empty for an empty change.

        It holds the place of a hunk where the same lines stand in the file more than once.
        Not `git patch-id`, which ignores white space (code in Python) and everything after a NUL.
        """
        return self._identity_of(self._diff(base, head, "--no-renames", "--full-index", path=path))

    def patch_ids(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the identity of each change (base and head), as `patch_id` does, with one git for all of them."""
        wanted = dict.fromkeys(pairs)
        grounds = [(self.common_ground(*pair), pair[1]) for pair in wanted]
        diffs = self._diffs(grounds) if grounds else []
        for (before, head), diff in zip(grounds, diffs, strict=True):
            if not diff and self.tree_of(before) != self.tree_of(head):
                raise lying(f"compared {before[:10]} and {head[:10]}")
        return dict(zip(wanted, map(self._identity_of, diffs), strict=True))

    def _identity_of(self, diff: bytes) -> str:
        return _digest(_BLOBS.sub(b"@@\n", with_places(diff, self._own.read))) if diff else ""

    def _diffs(self, grounds: list[tuple[str, str]]) -> list[bytes]:
        """Return the diff from the first to the second commit of each pair."""
        asked = "".join(f"{head} {before}\n" for before, head in grounds)
        options = (*DIFF_OPTIONS, "--no-renames", "--full-index", "--format=commit %H", "--no-notes", "--always")
        with tempfile.NamedTemporaryFile(dir=self._git.dir, prefix="diff-") as file:
            words = ("diff-tree", "--stdin", "-p", *options, f"--output={file.name}")
            self._git.run(*words, stdin=asked, config=DIFF_CONFIG)
            first, *parts = _COMPARED.split(file.read())
        if first or parts[::2] != [head.encode() for _, head in grounds]:
            raise lying(f"compared {len(grounds)} pairs of commits")
        return parts[1::2]

    def patch_id_without_places(self, base: str, head: str) -> str:
        """Return the identity that version 0.1.0 gave a change."""
        diff = self._diff(base, head, "--no-renames", "--full-index")
        return _digest(_WHERE.sub(b"@@\n", diff)) if diff else ""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of a committed file, None where the commit has none at `path`."""
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            return None
        name = f"{commit}:{path}" if "\n" not in path else self._blob(commit, path)
        return self._own.read(name) if name else None

    def size(self, commit: str, path: str) -> int:
        """Return the size of a committed file in bytes, 0 where the commit has none at `path`."""
        name = f"{commit}:{path}" if "\n" not in path else self._blob(commit, path)
        return self._own.size(name) if name else 0

    def _blob(self, commit: str, path: str) -> str | None:
        """Return the id of a file whose path has more than one line."""
        blob = self._git.run("ls-tree", "-z", "--object-only", commit, "--", path)
        return object_id(blob.rstrip("\0"), "a file") if blob else None

    @functools.lru_cache(maxsize=8)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def listing(self, commit: str, folder: str) -> tuple[str, ...]:
        """Return the paths of a commit's files below `folder`, all of them below `.`."""
        places = () if folder == "." else (f"{folder.rstrip('/')}/",)
        names = self._to_file("--no-renames", "--name-only", "-z", _EMPTY_TREE[len(commit)], commit, "--", *places)
        return tuple(name for name in names.decode("utf-8", "surrogateescape").split("\0") if name)


def _digest(diff: bytes) -> str:
    return hashlib.sha256(diff).hexdigest()


def _parents(commit: bytes) -> tuple[str, ...]:
    header = commit.partition(b"\n\n")[0].decode("utf-8", "replace")
    return tuple(line.removeprefix("parent ") for line in header.split("\n") if line.startswith("parent "))


def _commit(line: str, marks: tuple[str, ...]) -> Commit:
    sha, subject, trailers = line.split("\0")
    mark = "|".join(map(re.escape, marks))
    attempt = re.search(rf"(?:^|\s)(?:{mark}) attempt-(\d+)", trailers)
    ours = re.search(rf"(?:^|\s)(?:{mark}) (?:attempt|lint|restack)-\d+", trailers) is not None
    return Commit(sha, subject, int(attempt[1]) if attempt else None, ours)
