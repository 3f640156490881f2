"""Keep the words that a person wrote into a pull request, when its text is written again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Proposal, PullRequest

_HIDDEN = re.compile(r"<!-- run-milestone.*? -->")
_WROTE = re.compile(r"<!-- run-milestone wrote: ([0-9a-f ]+) -->")
"""What the runner wrote last: a short digest of the title, then one of each line. It needs no record of the run."""
_MOST = 700
"""Lines of which digests are kept, so that a body stays within what a forge takes."""


def marked(proposal: Proposal) -> Proposal:
    """Return a proposal whose body says, hidden before its last mark, what the runner wrote."""
    lines = [line for line in proposal.body.splitlines() if line.strip() and not _HIDDEN.fullmatch(line.strip())]
    if len(lines) > _MOST:
        return proposal
    wrote = f"<!-- run-milestone wrote: {' '.join(map(_digest, (proposal.title, *lines)))} -->"
    text, sign, mark = proposal.body.rpartition("<!-- run-milestone: ")
    return replace(proposal, body=f"{text}{wrote}\n{sign}{mark}")


def with_peoples_words(pull: PullRequest, proposal: Proposal) -> Proposal:
    """Return a proposal that keeps what people wrote in a pull request: their title, and their lines above the rest.

    A body without any mark of the runner is a person's as a whole.
    """
    proposal = marked(proposal)
    wrote = _WROTE.search(pull.body if _HIDDEN.search(pull.body) else proposal.body)
    if wrote is None:
        return proposal
    title, *lines = wrote[1].split()
    theirs = "\n".join(_theirs(pull.body, set(lines))).strip("\n")
    body = f"{theirs}\n\n{proposal.body}" if theirs else proposal.body
    return replace(proposal, body=body, title=proposal.title if _digest(pull.title) == title else pull.title)


def _theirs(body: str, ours: set[str]) -> Iterator[str]:
    """Yield the lines that the runner did not write, with the empty ones between them."""
    follows = False
    for line in _HIDDEN.sub("", body).splitlines():
        if not line.strip():
            yield from ("",) if follows else ()
        elif follows := _digest(line) not in ours:
            yield line.rstrip()


def _digest(line: str) -> str:
    return hashlib.sha256(line.strip().encode()).hexdigest()[:6]
