"""Find, open, change and merge pull requests. Every change is read back."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ..errors import refuse_same, unmerged
from . import responses, text_limits
from .gh import as_field, number_in
from .graphql import pulls_of
from .merge_queue import MergeQueue
from .rulesets import Rules

if TYPE_CHECKING:
    from ....model import Proposal, PullRequest

MOST = "100000"
"""The limit of a list of pull requests: all of them."""
_METHOD_REFUSED = re.compile(r"(?i)merge method|are not allowed on this repository|must not contain merge commits")


class Pulls(MergeQueue, Rules):
    """The pull requests of one repository."""

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), oldest first, none from forks."""
        words = ("pr", "list", "--state", "all", "--limit", MOST, "--json", responses.PULL)
        listed = pulls_of(self._gh, heads) if heads else self._gh.ask(responses.PULLS, *words)
        ours = sorted((pull for pull in listed if not pull.isCrossRepository), key=lambda pull: pull.number)
        return tuple(pull.to_model() for pull in ours)

    def create(self, head: str, proposal: Proposal) -> PullRequest:
        """Open a pull request. Looks for an open one before, after any failure, and where no answer came."""
        refuse_same(head, proposal.base)
        pull = self._open_of(head, proposal)
        if pull is None:
            self._ensure_labels(*proposal.labels)
            pull = self._create(head, proposal)
        return self._edit(pull, proposal)

    def _create(self, head: str, proposal: Proposal) -> PullRequest:
        words = ("pr", "create", "--head", head, "--base", proposal.base, "--title", text_limits.title(proposal.title))
        body = text_limits.body(proposal.body)
        retry = self._gh.retry()
        try:
            while True:
                if retry.again and (pull := self._open_of(head, proposal)) is not None:
                    return pull
                with retry:
                    return self._view(number_in(self._gh.do_once(*words, "--body-file", "-", stdin=body), "pull"))
        except OutsideError:
            if (pull := self._open_of(head, proposal)) is None:
                raise
            return pull

    def _open_of(self, head: str, proposal: Proposal) -> PullRequest | None:
        """Return the branch's open pull request: of several the one with the same hidden mark, else the same base."""
        pulls = [pull for pull in self.pulls(head) if pull.state == "open"]
        mark = text_limits.mark(proposal.body)
        return min(
            pulls, key=lambda pull: (text_limits.mark(pull.body) != mark, pull.base != proposal.base), default=None
        )

    def _view(self, number: int) -> PullRequest:
        return self._gh.ask(responses.ONE_PULL, "pr", "view", str(number), "--json", responses.PULL).to_model()

    def edit(self, number: int, proposal: Proposal) -> PullRequest:
        """Change title, body, base and labels to what is proposed. Sends only what differs."""
        return self._edit(self._view(number), proposal)

    def _edit(self, now: PullRequest, proposal: Proposal) -> PullRequest:
        refuse_same(now.head, proposal.base)
        title, body = text_limits.title(proposal.title), text_limits.body(proposal.body)
        words = ["--title", title] if title != now.title else []
        words += ["--body-file", "-"] if body.rstrip() != now.body.rstrip() else []
        words += ["--base", proposal.base] if proposal.base != now.base else []
        words += self._missing(now, proposal.labels)
        return self._change(now, "edit", *words, stdin=body) if words else now

    def retarget(self, number: int, base: str) -> PullRequest:
        """Change the base branch."""
        now = self._view(number)
        refuse_same(now.head, base)
        return now if now.base == base else self._change(now, "edit", "--base", base)

    def label(self, number: int, *labels: str) -> PullRequest:
        """Add labels."""
        now = self._view(number)
        words = self._missing(now, labels)
        return self._change(now, "edit", *words) if words else now

    def _missing(self, now: PullRequest, labels: tuple[str, ...]) -> list[str]:
        """Return the options that add the labels a pull request lacks, once the repository has them."""
        missing = [label for label in labels if label.lower() not in {known.lower() for known in now.labels}]
        if missing:
            self._ensure_labels(*missing)
        return [word for label in missing for word in ("--add-label", as_field(label))]

    def _change(self, now: PullRequest, verb: str, *words: str, stdin: str = "") -> PullRequest:
        self._gh.do("pr", verb, str(now.number), *words, stdin=stdin)
        return self._view(now.number)

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Remove labels."""
        now = self._view(number)
        words = [word for label in labels if label in now.labels for word in ("--remove-label", as_field(label))]
        return self._change(now, "edit", *words) if words else now

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Convert a pull request to a draft, or mark it ready."""
        now = self._view(number)
        return now if now.draft is draft else self._change(now, "ready", *(("--undo",) if draft else ()))

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        now = self._view(number)
        return now if now.state == "closed" else self._change(now, "close")

    def reopen(self, number: int) -> PullRequest:
        """Reopen a closed pull request."""
        now = self._view(number)
        return now if now.state == "open" else self._change(now, "reopen")

    @cached_property
    def _methods(self) -> tuple[str, ...]:
        """The options of `gh pr merge`, the best first."""
        return tuple(f"--{method}" for method in self.rights().methods)

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge as the repository allows, with a merge commit where it may be. GitHub itself compares the head."""
        now = self._view(number)
        if now.state == "merged":
            return now
        if now.base == self._target:
            raise unmerged(now.number, f"its base is {now.base}, which people merge into")
        if now.state != "open":
            raise unmerged(now.number, f"it is {now.state}")
        if self._enter_queue(number, head):
            return self._view(number)
        merged = self._merge(now, head)
        if merged.state != "merged":
            raise unmerged(merged.number, f"GitHub took the request, but it is {merged.state}")
        return merged

    def _merge(self, now: PullRequest, head: str) -> PullRequest:
        """Merge by the first method that GitHub takes: rules of a branch may allow fewer than its repository."""
        if not self._methods:
            raise unmerged(now.number, "the repository allows no way to merge")
        *others, last = self._methods
        for method in others:
            try:
                return self._change(now, "merge", method, "--match-head-commit", head)
            except OutsideError as error:
                if not _METHOD_REFUSED.search(error.what):
                    raise
        return self._change(now, "merge", last, "--match-head-commit", head)
