"""git: a git directory of the runner's own, so that nothing in a tree can run code in the runner's calls.

The user's repository lends its object store and holds the branches; its configuration, hooks, index and checkout
are never used. Whatever an agent leaves in a tree is read as files and nothing else (measured: of 26 ways to run
code through git metadata this leaves none).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from git import Repo

    from .process import Processes, Result

OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NOTHING = "0" * 40
"""The object id git takes for "there must be none"."""

DIFF_OPTIONS = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--no-color", "--no-renames")
"""Submodules count: another commit of one is other code."""

_WHERE = re.compile(rb"^(?:index |@@ ).*\n", re.MULTILINE)
"""The lines of a diff that a clean rebase changes: blob ids and line numbers."""

_OWN_CONFIG = {
    "core.repositoryformatversion": "0",
    "core.bare": "false",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.excludesFile": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.autocrlf": "false",
    "core.logAllRefUpdates": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "push.recurseSubmodules": "no",
    "protocol.ext.allow": "never",
    "advice.detachedHead": "false",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit between base and head: its id, its subject, which attempt made it, and whether the runner did."""

    sha: str
    subject: str
    attempt: int | None
    ours: bool = True


class Git:
    """What the runner does with git in one repository."""

    def __init__(
        self, processes: Processes, repository: Path, remote: str | None, *, own: str, root: Path, make: bool = True
    ) -> None:
        """Look at `repository`, and at `remote` (a remote's name, a URL, or a path relative to `root`).

        `own` names the runner's git directory, which lies in the repository's common git directory; without `make`
        it is not made, and only what reads the user's branches can be asked.

        Errors: UsageError where there is no git, no repository, or no such remote.
        """
        self._processes = processes
        self._turn = threading.Lock()
        self.repository = repository
        facts = _read_repository(repository)
        self.common: Path = facts.common
        self.identity = facts.identity
        self.url = _url(remote, facts, root)
        self.dir = self.common / "run-milestone" / own
        if make and not (self.dir / "HEAD").exists():
            self._make_own()

    def _make_own(self) -> None:
        self.dir.mkdir(parents=True, exist_ok=True)
        for folder in ("objects", "refs/heads"):
            (self.dir / folder).mkdir(parents=True, exist_ok=True)
        sections: dict[str, list[str]] = {}
        for name, value in _OWN_CONFIG.items():
            section, _, key = name.rpartition(".")
            sections.setdefault(section, []).append(f"\t{key} = {value}")
        text = "".join(f"{_heading(section)}\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
        (self.dir / "config").write_text(text, encoding="utf-8")
        (self.dir / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")

    @property
    def local_remote(self) -> Path | None:
        """Where the remote is a folder on this machine, that folder."""
        return Path(self.url) if self.url.startswith("/") else None

    # ---- running ----------------------------------------------------------------------------------------------

    def _call(
        self,
        *words: str,
        tree: Path | None = None,
        index: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        directory: Path | None = None,
    ) -> Result:
        place = ("--git-dir", str(directory or self.dir), *(("--work-tree", str(tree)) if tree else ()))
        surroundings = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OBJECT_DIRECTORY": str(self.common / "objects"),
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
            **({"GIT_SHALLOW_FILE": str(shallow)} if (shallow := self.common / "shallow").exists() else {}),
            **({"GIT_INDEX_FILE": str(self.dir / f"index-{index}")} if index else {}),
            **(env or {}),
        }
        argv = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *place, *words)
        return self._processes.trusted(
            argv, cwd=tree or directory or self.dir, env=surroundings, stdin=stdin, timeout=600
        )

    def _run(self, *words: str, **how: object) -> str:
        return _checked(words, self._call(*words, **how)).out  # type: ignore[arg-type]

    def _rows(self, *words: str, **how: object) -> list[str]:
        """Return the lines that git prints; only a newline ends one, names and subjects may hold what else does."""
        return [line for line in self._run(*words, **how).split("\n") if line]

    def _answer(self, *words: str, **how: object) -> str | None:
        """Return what git answers, None for its no (exit code 1); any other failure is no answer."""
        result = self._call(*words, **how)  # type: ignore[arg-type]
        return None if result.code == 1 else _checked(words, result).out

    def _object(self, text: str, what: str) -> str:
        name = text.strip()
        if not OBJECT_ID.fullmatch(name):
            raise OutsideError(f"git gave no object id for {what} ({name[:60]!r}).", "Run the same command again.")
        return name

    # ---- reading ----------------------------------------------------------------------------------------------

    def head(self, branch: str) -> str | None:
        """Return the commit of a branch of the user's repository, None where there is no such branch."""
        told = self._answer(
            "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}", directory=self.common
        )
        return None if told is None else self._object(told, branch)

    def heads(self) -> dict[str, str]:
        """Return every branch of the user's repository and its commit."""
        told = self._rows("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", directory=self.common)
        rows = [line.split(" ", 1) for line in told]
        return {name.removeprefix("refs/heads/"): self._object(sha, name) for sha, name in rows}

    def has(self, sha: str) -> bool:
        """Return whether a commit is in the object store."""
        return self._call("cat-file", "-e", f"{sha}^{{commit}}").code == 0

    def is_ancestor(self, earlier: str, later: str) -> bool:
        """Return whether `earlier` is contained in `later`."""
        return earlier == later or self._answer("merge-base", "--is-ancestor", earlier, later) is not None

    def merge_base(self, one: str, other: str) -> str:
        """Return the best common ancestor of two commits."""
        return self._object(self._run("merge-base", one, other), "the common ancestor")

    def commits(self, base: str, head: str, mark: str) -> tuple[Commit, ...]:
        """Return what `base..head` holds, oldest first; `mark` is the trailer's value before the attempt."""
        form = "--format=%H%x00%s%x00%(trailers:key=Run-Milestone,valueonly,unfold,separator=%x20)"
        rows = self._rows("log", "--reverse", "--topo-order", form, f"{base}..{head}")
        return tuple(_commit(row, mark) for row in rows)

    def diff(self, base: str, head: str, *options: str) -> str:
        """Return the diff of what `head` changes since it left `base`."""
        return self._diff(base, head, *options).decode("utf-8", "replace")

    def _diff(self, base: str, head: str, *options: str, path: str | None = None) -> bytes:
        """Return a diff, of one path or of all, however large it is: what is cut off, nobody looks at."""
        only, literally = (path,) if path else (), {"GIT_LITERAL_PATHSPECS": "1"}
        with tempfile.NamedTemporaryFile(dir=self.dir, prefix="diff-") as file:
            words = ("diff", *DIFF_OPTIONS, *options, f"--output={file.name}", f"{base}...{head}", "--", *only)
            self._run(*words, env=literally)
            return file.read()

    def measure(self, before: str, after: str) -> tuple[int, int]:
        """Return how many files differ between two commits, and how many lines (added plus deleted)."""
        rows = self._rows("diff", *DIFF_OPTIONS, "--numstat", before, after, "--")
        counts = [row.split("\t")[:2] for row in rows]
        return len(rows), sum(int(count) for pair in counts for count in pair if count.isdigit())

    def patch_id(self, base: str, head: str, path: str | None = None) -> str:
        """Return the identity of a change, or of one file's, which a clean rebase keeps; empty for an empty change.

        Not `git patch-id`: it overlooks white space, which is code in Python, and all that follows a NUL.
        """
        diff = self._diff(base, head, "--full-index", "--binary", path=path)
        return hashlib.sha256(_WHERE.sub(b"@@\n", diff)).hexdigest() if diff else ""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a committed file's bytes, None where the commit has no such file."""
        with self._turn:  # one reader behind one pipe
            try:
                blob = self._reader.commit(commit).tree / path
            except KeyError:
                return None
            return bytes(blob.data_stream.read()) if blob.type == "blob" else None

    @cached_property
    def _reader(self) -> Repo:
        """The repository for reading, opened once: it costs 80 ms to import and a process to open."""
        from git import Repo

        return Repo(self.common)

    def close(self) -> None:
        """End the process behind the reader."""
        if "_reader" in vars(self):
            self._reader.close()

    def listing(self, commit: str, folder: str) -> tuple[str, ...]:
        """Return the paths of a commit's files below `folder`."""
        told = self._run("ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder.rstrip('/')}/")
        return tuple(name for name in told.split("\0") if name)

    def uncommitted(self) -> int:
        """Return how many paths of the user's checkout differ from its last commit."""
        words = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        result = self._call(*words, tree=self.repository, directory=_git_dir(self.repository))
        return len(result.out.splitlines())

    def checked_out(self, branch: str) -> Path | None:
        """Return the folder that has a branch checked out, None where none has."""
        told = self._run("worktree", "list", "--porcelain", directory=self.common)
        for place, *facts in (block.split("\n") for block in told.split("\n\n")):
            if f"branch refs/heads/{branch}" in facts:
                return Path(place.removeprefix("worktree "))
        return None

    # ---- writing ----------------------------------------------------------------------------------------------

    def set_branch(self, branch: str, new: str, old: str | None) -> None:
        """Move a branch of the user's repository from `old` (None: it must not exist) to `new`."""
        where = self.checked_out(branch) if old else None
        if where is not None:
            raise UsageError(
                f"Branch {branch} is checked out in {where}, and no run touches a checkout.",
                f"Switch {where} to another branch (`git -C {where} switch --detach`) and run the same command again.",
            )
        with self._turn:
            self._run("update-ref", f"refs/heads/{branch}", new, old or NOTHING, directory=self.common)

    def keep(self, place: str, commit: str) -> str:
        """Make a ref below `refs/run-milestone/` hold a commit, so that nothing of it is lost; returns its name.

        One that holds other work already is left alone, and the next free name is taken.
        """
        held = self._kept(place)
        names = (f"refs/run-milestone/{place}{suffix}" for suffix in ("", *(f".{number}" for number in range(2, 1000))))
        name = next(name for name in names if held.get(name, commit) == commit)
        with self._turn:
            self._run("update-ref", name, commit, directory=self.common)
        return name

    def kept(self, place: str) -> tuple[str, ...]:
        """Return the commits that were kept below `refs/run-milestone/<place>`."""
        return tuple(self._kept(place).values())

    def _kept(self, place: str) -> dict[str, str]:
        form, pattern = "--format=%(objectname) %(refname)", f"refs/run-milestone/{place}*"
        rows = [row.split(" ", 1) for row in self._rows("for-each-ref", form, pattern, directory=self.common)]
        return {name: self._object(sha, name) for sha, name in rows}

    def is_thrown_away(self, commit: str, head: str, place: str) -> bool:
        """Return whether a commit rests on work that was kept below `place` and is no longer part of `head`."""
        shared = (self._answer("merge-base", commit, kept) for kept in self.kept(place))
        return any(common is not None and not self.is_ancestor(common.strip(), head) for common in shared)

    def lay_out(self, tree: Path, commit: str, index: str) -> None:
        """Make `tree` hold exactly what `commit` holds.

        Errors: UsageError where something stands there that this did not make: it may be a person's work.
        """
        self._claim(tree, index)
        _unversion(tree)
        (self.dir / f"index-{index}.lock").unlink(missing_ok=True)
        self._run("read-tree", "--reset", "-u", commit, tree=tree, index=index)
        self._run("clean", "-ffdxq", tree=tree, index=index)

    def _claim(self, tree: Path, index: str) -> None:
        """Note that `tree` is ours before it is there; the note also holds in a copied or moved project."""
        claim, place = self.dir / f"tree-{index}", os.path.relpath(tree, self.dir)
        ours = claim.exists() and claim.read_text(encoding="utf-8") == place
        if tree.is_symlink() or (tree.exists() and not ours):
            raise UsageError(
                f"{tree} is in the way: it was not made by this run, so it is left alone.",
                "Move it elsewhere and run the same command again.",
            )
        if not ours:
            claim.write_text(place, encoding="utf-8")
        tree.mkdir(parents=True, exist_ok=True)

    def commit(self, tree: Path, parent: str, index: str, message: str) -> str:
        """Commit what `tree` holds on top of `parent`; returns `parent` where nothing differs.

        Errors: OutsideError where whoever worked there put a link in the tree's place: it may lead to anybody's files.
        """
        if tree.is_symlink():
            raise OutsideError(f"{tree} was replaced by a link.", "Remove the link and run the same command again.")
        _unversion(tree)
        self._run("add", "--all", "--", ".", tree=tree, index=index)
        made = self._object(self._run("write-tree", tree=tree, index=index), "the tree")
        before = self._object(self._run("rev-parse", f"{parent}^{{tree}}"), "the tree before")
        if made == before:
            return parent
        return self._commit_tree(made, (parent,), message)

    def join(self, one: str, other: str, message: str) -> str | None:
        """Return a merge of two commits without touching any tree; None where they conflict."""
        told = self._answer("merge-tree", "--write-tree", one, other)
        return None if told is None else self._commit_tree(self._object(told, "the merged tree"), (one, other), message)

    def graft(self, onto: str, source: str, paths: Iterable[str], index: str) -> str:
        """Return the tree of `onto` in which `paths` are what `source` has there, absent where it has nothing."""
        wanted = {path: f"0 {NOTHING}\t{path}" for path in paths}
        for row in self._run("ls-tree", "-z", source, "--", *wanted).split("\0"):
            facts, _, path = row.partition("\t")
            if path in wanted:
                mode, kind, sha = facts.split(" ")
                wanted[path] = f"{mode} {sha}\t{path}" if kind == "blob" else wanted[path]
        self._run("read-tree", "--reset", onto, index=index)
        self._run(
            "update-index", "-z", "--replace", "--index-info", index=index, stdin="\0".join((*wanted.values(), ""))
        )
        return self._object(self._run("write-tree", index=index), "the grafted tree")

    def _commit_tree(self, made: str, parents: tuple[str, ...], message: str) -> str:
        name, email = self.identity
        env = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", email))
        }
        words = [word for parent in parents for word in ("-p", parent)]
        return self._object(self._run("commit-tree", made, *words, "-F", "-", stdin=message, env=env), "the commit")

    def worktree(self, place: Path, branch: str) -> None:
        """Give a person an ordinary worktree of a branch, with the repository's own configuration."""
        if not place.exists():
            self._run("worktree", "add", "--quiet", str(place), branch, directory=self.common, env=_persons())

    # ---- the remote -------------------------------------------------------------------------------------------

    def remote_heads(self) -> dict[str, str]:
        """Return the remote's branches and their commits."""
        told = self._rows("ls-remote", "--heads", "--quiet", "--", self.url, env=_persons())
        rows = [line.split("\t", 1) for line in told]
        return {name.removeprefix("refs/heads/"): self._object(sha, name) for sha, name in rows}

    def fetch(self, branch: str) -> None:
        """Bring a remote branch's commits into the object store; no branch moves."""
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        self._run(*words, "--", self.url, f"refs/heads/{branch}", env=_persons())

    def push(self, sha: str, branch: str, expected: str | None) -> str:
        """Push one commit to one branch that must still be at `expected` (None: not exist); returns it read back."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        self._run(
            "push",
            "--quiet",
            "--no-verify",
            "--no-follow-tags",
            lease,
            "--",
            self.url,
            f"{self._object(sha, 'the push')}:refs/heads/{branch}",
            env=_persons(),
        )
        found = self.remote_heads().get(branch)
        if found != sha:
            raise OutsideError(
                f"After the push the remote says that {branch} is at {found}, not at {sha}.",
                "Find out who moved it, then run the same command again.",
            )
        return found


def _checked(words: tuple[str, ...], result: Result) -> Result:
    """Return a result that is whole and good."""
    if result.code is None:
        raise UsageError(f"git could not be started: {result.err.strip()}.", "Install git and run again.")
    if result.code != 0:
        said = (result.err.strip() or result.out.strip() or f"exit code {result.code}").splitlines()[-1]
        raise OutsideError(f"`git {words[0]}` failed: {said}", "Mend that and run the same command again.")
    if result.truncated:
        raise OutsideError(
            f"`git {words[0]}` said more than can be kept.", "Remove what the repository does not need, and run again."
        )
    return result


def _unversion(tree: Path) -> None:
    """Take away what makes `tree`, or a folder in it, a repository of its own: all it holds shall count as files."""
    for folder, folders, files in os.walk(tree):
        if ".git" in folders and not os.path.islink(os.path.join(folder, ".git")):
            shutil.rmtree(os.path.join(folder, ".git"))
            folders.remove(".git")
        elif ".git" in (*folders, *files):
            os.unlink(os.path.join(folder, ".git"))


def _persons() -> dict[str, str]:
    """Return what lets git act with the operator's own credentials: their configuration and their keys."""
    kept = ("HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "SSH_ASKPASS", "XDG_CONFIG_HOME")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {**found, "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL", _global_config())}


def _global_config() -> str:
    home = Path(os.environ.get("HOME", "/"))
    xdg = Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "git" / "config"
    return str(next((path for path in (home / ".gitconfig", xdg) if path.exists()), "/dev/null"))


def _heading(section: str) -> str:
    name, _, sub = section.partition(".")
    return f'[{name} "{sub}"]' if sub else f"[{name}]"


def _commit(line: str, mark: str) -> Commit:
    sha, subject, trailers = line.split("\0")
    found = re.search(rf"(?:^|\s){re.escape(mark)} attempt-(\d+)", trailers)
    ours = re.search(rf"(?:^|\s){re.escape(mark)} (?:attempt|lint)-\d+", trailers) is not None
    return Commit(sha, subject, int(found.group(1)) if found else None, ours)


@dataclass(frozen=True, slots=True)
class _Facts:
    common: Path
    identity: tuple[str, str]
    remotes: dict[str, str]


def _git_dir(repository: Path) -> Path:
    from git import Repo

    with Repo(repository) as repo:
        return Path(repo.git_dir)


def version(processes: Processes) -> tuple[int, ...]:
    """Return git's version, empty where git cannot be started or does not tell."""
    told = re.search(r"\d+(?:\.\d+)+", processes.trusted(("git", "--version"), cwd="/", timeout=10).out)
    return tuple(int(part) for part in told[0].split(".")) if told else ()


def current_branch(folder: Path) -> str | None:
    """Return the branch that is checked out in `folder` (main where none is), None where there is no repository."""
    from git import InvalidGitRepositoryError, Repo

    try:
        with Repo(folder) as repo:
            return "main" if repo.head.is_detached else str(repo.head.reference.name)
    except InvalidGitRepositoryError:
        return None


def _read_repository(repository: Path) -> _Facts:
    if shutil.which("git") is None:
        raise UsageError("git is not installed or not on PATH.", "Install git (2.38 or newer) and run again.")
    from git import InvalidGitRepositoryError, NoSuchPathError, Repo

    try:
        with Repo(repository) as repo, repo.config_reader() as config:
            if config.get_value("extensions", "objectformat", "sha1") != "sha1":
                raise UsageError(
                    f"{repository} names its objects by SHA-256, which is not supported.",
                    "Name a repository that uses SHA-1 in the plan (`repository: {path: …}`).",
                )
            identity = (
                str(config.get_value("user", "name", "run-milestone")),
                str(config.get_value("user", "email", "run-milestone@localhost")),
            )
            return _Facts(
                Path(repo.common_dir).resolve(), identity, {remote.name: remote.url for remote in repo.remotes}
            )
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise UsageError(
            f"{repository} is not a git repository.",
            "Name the repository in the plan (`repository: {path: …}`), or make it one with `git init`.",
        ) from None


def _url(remote: str | None, facts: _Facts, root: Path) -> str:
    """Return the literal URL or path to push to: a named remote's, or the one the plan gives."""
    if remote is None:
        return facts.remotes.get("origin") or str(facts.common / "run-milestone" / "remote.git")
    if remote in facts.remotes:
        return facts.remotes[remote]
    if ":" in remote or remote.startswith("/"):
        return remote
    if "/" in remote or remote.startswith("."):
        return str(root / remote)
    known = ", ".join(facts.remotes) or "none"
    raise UsageError(
        f"The repository has no remote called {remote!r} (it has: {known}).",
        "Name one of them, a path or a URL in the plan under `repository: {remote: …}`.",
    )
