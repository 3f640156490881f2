"""pulls: pull requests, from being looked for to being merged; what was done is read back each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ..errors import refuse_same, unmerged
from . import responses, text_limits
from .gh import number_in
from .graphql import pulls_of

if TYPE_CHECKING:
    from ....model import Proposal, PullRequest
    from .gh import Gh
    from .labels import Labels

MOST = "100000"
"""Pull requests that a list asks for: all there are."""


class Pulls:
    """The pull requests of one repository; none is ever merged into `target`."""

    def __init__(self, gh: Gh, labels: Labels, target: str) -> None:
        self._gh = gh
        self._labels = labels
        self._target = target

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), oldest first, none from forks."""
        words = ("pr", "list", "--state", "all", "--limit", MOST, "--json", responses.PULL)
        found = pulls_of(self._gh, heads) if heads else self._gh.ask(responses.PULLS, *words)
        own = sorted((pull for pull in found if not pull.isCrossRepository), key=lambda pull: pull.number)
        return tuple(pull.told() for pull in own)

    def create(self, head: str, proposal: Proposal) -> PullRequest:
        """Open a pull request; looks for an open one before, after any failure, and when no answer comes."""
        refuse_same(head, proposal.base)
        found = self._open(head, proposal)
        if found is None:
            self._labels.ensure(*proposal.labels)
            found = self._create(head, proposal)
        return self._edit(found, proposal)

    def _create(self, head: str, proposal: Proposal) -> PullRequest:
        words = ("pr", "create", "--head", head, "--base", proposal.base, "--title", text_limits.title(proposal.title))
        body = text_limits.body(proposal.body)
        try:
            made = self._gh.do(*words, "--body-file", "-", stdin=body, lost=lambda: self._open(head, proposal))
        except OutsideError:
            found = self._open(head, proposal)
            if found is None:
                raise
            return found
        return self._view(number_in(made, "pull")) if isinstance(made, str) else made

    def _open(self, head: str, proposal: Proposal) -> PullRequest | None:
        """Return the branch's open pull request: of several the one with the same hidden mark, else the same base."""
        own = [pull for pull in self.pulls(head) if pull.state == "open"]
        mark = text_limits.mark(proposal.body)
        return min(
            own, key=lambda pull: (text_limits.mark(pull.body) != mark, pull.base != proposal.base), default=None
        )

    def _view(self, number: int) -> PullRequest:
        return self._gh.ask(responses.ONE_PULL, "pr", "view", str(number), "--json", responses.PULL).told()

    def edit(self, number: int, proposal: Proposal) -> PullRequest:
        """Make a pull request what is proposed; what reads so already is not sent."""
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
        """Let a pull request go into another branch."""
        now = self._view(number)
        refuse_same(now.head, base)
        return now if now.base == base else self._change(now, "edit", "--base", base)

    def label(self, number: int, *labels: str) -> PullRequest:
        """Add labels."""
        now = self._view(number)
        words = self._missing(now, labels)
        return self._change(now, "edit", *words) if words else now

    def _missing(self, now: PullRequest, labels: tuple[str, ...]) -> list[str]:
        """Return the words that add the labels that are not there yet; the repository has them from here on."""
        missing = [label for label in labels if label.lower() not in {known.lower() for known in now.labels}]
        if missing:
            self._labels.ensure(*missing)
        return [word for label in missing for word in ("--add-label", label)]

    def _change(self, now: PullRequest, verb: str, *words: str, stdin: str = "") -> PullRequest:
        self._gh.do("pr", verb, str(now.number), *words, stdin=stdin)
        return self._view(now.number)

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Take labels away."""
        now = self._view(number)
        words = [word for label in labels if label in now.labels for word in ("--remove-label", label)]
        return self._change(now, "edit", *words) if words else now

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""
        now = self._view(number)
        return now if now.draft is draft else self._change(now, "ready", *(("--undo",) if draft else ()))

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        now = self._view(number)
        return now if now.state == "closed" else self._change(now, "close")

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again."""
        now = self._view(number)
        return now if now.state == "open" else self._change(now, "reopen")

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge with a merge commit; GitHub itself compares the head."""
        now = self._view(number)
        if now.state == "merged":
            return now
        if now.base == self._target:
            raise unmerged(now.number, f"its base is {now.base}, which people merge into")
        if now.state != "open":
            raise unmerged(now.number, f"it is {now.state}")
        merged = self._change(now, "merge", "--merge", "--match-head-commit", head)
        if merged.state != "merged":
            raise unmerged(
                merged.number, f"GitHub took the request, but it is {merged.state} (is there a merge queue?)"
            )
        return merged
