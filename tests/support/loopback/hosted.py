"""hosted: what this GitHub holds: one repository, its people, pull requests, issues and what CI said of commits."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path


@dataclass
class Thing:
    """A pull request or an issue; they share their numbers."""

    number: int
    title: str
    body: str
    author: str
    labels: list[str] = field(default_factory=list)
    state: str = "OPEN"
    comments: list[dict] = field(default_factory=list)
    milestone: str | None = None
    reviews: list[dict] = field(default_factory=list)
    """Each `{id, author, state, commit, at, body, threads}`, the state as GitHub spells it."""
    blocked_by: list[int] = field(default_factory=list)
    sub_issues: list[int] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)
    """Who was asked for a review."""
    # a pull request has these too
    head: str | None = None
    base: str | None = None
    draft: bool = False
    fork: str | None = None
    """The owner of the fork it comes from."""
    last_head: str | None = None
    """The commit its head was at when it was closed or merged."""
    merge: str | None = None

    @property
    def is_pull(self):
        return self.head is not None


class HostedRepository:
    """The repository acme/widgets and who may do what in it."""

    owner, name, token, viewer = "acme", "widgets", "gho_loopbackTOKEN0123456789abcdef", "ada"

    def __init__(self, root: Path):
        self.root = root
        self.bare = root / self.owner / f"{self.name}.git"
        self.scopes = "repo, read:org, workflow"
        self.methods = {"MERGE", "SQUASH", "REBASE"}
        """How pull requests may be merged."""
        self.ruled_out: set[str] = set()
        """Those of them that the rules of a branch forbid; the repository's settings do not tell."""
        self.rules: dict[str, list[dict]] = {}
        """The rules of rulesets, by a branch's name."""
        self.protections: dict[str, dict] = {}
        """Branch protections by pattern, with the fields of GraphQL that differ from none."""
        self.queues: dict[str, list[int]] = {}
        """The merge queues by branch, with the pull requests in them; `advance` merges these."""
        self.archived, self.default = False, "main"
        self.people = {"ada": "WRITE", "grace": "ADMIN", "mallory": "READ"}
        self.things: dict[int, Thing] = {}
        self.labels: dict[str, dict] = {}
        self.milestones: list[dict] = []
        self.checks: dict[str, list[dict]] = {}
        self.forbidden: set[str] = set()
        """What the viewer may not do: `labels`, `merge`, `pulls`, `teams`, `relations`."""
        self.teams: dict[str, list[str]] = {}
        self.accounts: dict[str, str] = {}
        """Logins by the address of a commit."""
        self.required: set[str] = set()
        self.clock = 0
        self.next_number = 1

    def git(self, *words, fine=(0,), stdin=None):
        env = {
            **os.environ,
            **{f"GIT_{who}_{what}": "hub@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        done = subprocess.run(
            ["git", *words], cwd=self.bare, env=env, input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode in fine, done.stderr
        return done.stdout.strip() if done.returncode == 0 else None

    @cache  # noqa: B019
    def contains(self, commit, other):
        """Whether a commit is part of another's history."""
        return self.git("merge-base", "--is-ancestor", commit, other, fine=(0, 1)) is not None

    @cache  # noqa: B019
    def joined(self, one, other):
        """The tree of a merge, None where they conflict."""
        return self.git("merge-tree", "--write-tree", one, other, fine=(0, 1))

    def branches(self):
        """Every branch and its commit."""
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in lines.splitlines())

    def commit(self, ref):
        return self.git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", fine=(0, 1, 128))

    def branch(self, name):
        return self.commit(f"refs/heads/{name}")

    def now(self):
        """A second later each time anybody asks."""
        self.clock += 1
        return f"2026-11-25T{self.clock // 3600:02}:{self.clock // 60 % 60:02}:{self.clock % 60:02}Z"

    # ---- pull requests and issues -----------------------------------------------------------------------------

    def add(self, **facts) -> Thing:
        thing = Thing(self.next_number, **facts)
        self.next_number += 1
        self.things[thing.number] = thing
        return thing

    def pulls(self) -> list[Thing]:
        self.follow()
        return [thing for thing in self.things.values() if thing.is_pull]

    def follow(self):
        """Let pull requests follow their branches, as GitHub does when somebody pushes."""
        branches = self.branches()
        for pull in (one for one in self.things.values() if one.is_pull and one.state == "OPEN" and not one.fork):
            head, base = branches.get(pull.head), branches.get(pull.base)
            if head is None or base is None:
                pull.state = "CLOSED"
            else:
                pull.last_head = head
                if self.contains(head, base):
                    pull.state, pull.merge = "MERGED", base

    def mergeable(self, pull) -> str:
        """CONFLICTING or MERGEABLE, as git says."""
        return "CONFLICTING" if self.joined(self.branch(pull.base), pull.last_head) is None else "MERGEABLE"

    def merge(self, pull, method="MERGE"):
        """Merge for real: with a merge commit, as one commit, or as copies of the commits."""
        base = self.branch(pull.base)
        if method == "REBASE":
            pull.merge = self._rebased(pull.last_head, base)
        else:
            message = f"Merge pull request #{pull.number} from {self.owner}/{pull.head}\n\n{pull.title}"
            parents = ("-p", base) if method == "SQUASH" else ("-p", base, "-p", pull.last_head)
            pull.merge = self.git("commit-tree", self.joined(base, pull.last_head), *parents, stdin=message)
        self.git("update-ref", f"refs/heads/{pull.base}", pull.merge, base)
        pull.state = "MERGED"

    def advance(self, branch, method="SQUASH"):
        """Let a merge queue merge what is in it."""
        while self.queues[branch]:
            self.merge(self.things[self.queues[branch].pop(0)], method)

    def protection(self, branch):
        """The protection of a branch, None where no pattern fits."""
        return next((one for pattern, one in self.protections.items() if fnmatch(branch, pattern)), None)

    def _rebased(self, head, base):
        place = self.root / "rebasing"
        self.git("worktree", "add", "--quiet", "--detach", str(place), head)
        self.git("-C", str(place), "rebase", "--quiet", base)
        rebased = self.git("-C", str(place), "rev-parse", "HEAD")
        self.git("worktree", "remove", str(place))
        return rebased

    def review(self, number, author, state, *, commit="", body="", at="2026-11-27T08:00:00Z", threads=()):
        """Somebody reviews; `threads` are `(path, line, body, resolved)`."""
        reviews, names = self.things[number].reviews, ("path", "line", "body", "resolved")
        entries = [dict(zip(names, one, strict=True)) for one in threads]
        for place, entry in enumerate(entries):
            entry.update(id=f"{number}.{len(reviews) + 1}.{place}", replies=[])
        self.things[number].awaited = [login for login in self.things[number].awaited if login != author]
        what = {"commit": commit, "body": body, "at": at, "threads": entries}
        reviews.append({"id": f"{number}.{len(reviews) + 1}", "author": author, "state": state.upper(), **what})

    def thread(self, identity):
        """A thread of a review, None where there is none of that id."""
        entries = (entry for thing in self.things.values() for one in thing.reviews for entry in one["threads"])
        return next((entry for entry in entries if f"PRRT_{entry['id']}" == identity), None)

    def say(self, number, author, body):
        """Somebody comments."""
        comment = {"id": 1000 + self.clock, "author": author, "body": body, "at": self.now()}
        self.things[number].comments.append(comment)
        return comment
