"""failures: what a failed call of gh means, and how long to wait before the same is tried again."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ....core.errors import OutsideError, UsageError
from ....core.text import for_terminal

LONGEST = 3600.0
"""Seconds that one call may wait in all: GitHub's hourly limit passes in that time."""
BRIEF = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each new try where GitHub or the network has a bad moment."""
LIMITED = 60.0
"""Seconds before the first new try after a limit that names no time; doubled for each that follows."""


class Trouble(Enum):
    """What kind of failure it is."""

    BAD_MOMENT = "no proper answer"
    LIMIT = "a rate limit"
    FINAL = "an answer"


_BAD_MOMENT = r"""(?x)
      HTTP \s 50[0234] | \b 50[234] \b .* (?: Gateway | Unavailable )
    | invalid \s character | unexpected \s end \s of \s JSON | \b EOF \b | not \s the \s answer
    | connection \s (?: reset | refused )
    | closed \s network \s connection | timeout | deadline \s exceeded | stream \s error | broken \s pipe
    | Base \s branch \s was \s modified  # GitHub has not looked at the new base yet; the head is pinned
    | no \s such \s host | network \s is \s unreachable | Something \s went \s wrong \s while \s executing
    """
_LIMIT = r"(?i)rate limit|abuse detection|submitted too quickly|HTTP 429"


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of gh ended with. `code` is None where it did not end in time."""

    words: tuple[str, ...]
    code: int | None
    out: str
    err: str

    @property
    def trouble(self) -> Trouble:
        """What kind of failure it is."""
        if re.search(_LIMIT, self.err):
            return Trouble.LIMIT
        return Trouble.BAD_MOMENT if self.code is None or re.search(_BAD_MOMENT, self.err) else Trouble.FINAL

    @property
    def name(self) -> str:
        """The command, without what it was given: `gh pr edit 310`, `gh api repos/acme/widgets/labels`."""
        if self.words[0] == "api":
            return f"gh api {next((word for word in self.words[1:] if '/' in word), 'graphql')}"
        return " ".join(("gh", *self.words[:2], *(word for word in self.words[2:3] if word.isdigit())))

    @property
    def missing(self) -> bool:
        """Whether GitHub says that there is no such thing."""
        return bool(re.search(r"HTTP 404|Could not resolve to|No commit found", self.err))

    @property
    def told(self) -> str:
        """The words of gh itself, on one line, without secrets and without what could act."""
        words = " ".join(for_terminal(self.err).split()).removeprefix("gh: ")[:500]
        return words or ("no answer in time" if self.code is None else f"exit code {self.code}")


class NotThereError(OutsideError):
    """GitHub says that there is no such thing, or that this login may not see it."""


def error(said: Said, host: str) -> OutsideError | UsageError:
    """Return what the user is told of a failure."""
    what = f"`{said.name}` failed: {said.told.rstrip('.')}."
    if said.code == 4 or "HTTP 401" in said.err:
        return UsageError(f"There is no valid login at {host}: {said.told.rstrip('.')}.", f"Run `{login(host)}`.")
    if "Could not resolve to a Repository" in said.err:
        return UsageError(
            f"{said.told.rstrip('.')}.",
            "Mend the remote's URL, or `repository: {github: …}` in the plan; or ask for access to it.",
        )
    if said.missing:
        return NotThereError(what, "Look on GitHub whether it is there, and run the same command again.")
    if re.search(r"(?i)not accessible by|scope|must have .* rights|HTTP 403|FORBIDDEN", said.err):
        return OutsideError(what, f"Allow it: `gh auth refresh -h {host} -s repo`, or a token with more rights.")
    return OutsideError(what, "Mend that, or wait, and run the same command again.")


def login(host: str) -> str:
    """Return the command that logs in."""
    return "gh auth login" if host == "github.com" else f"gh auth login --hostname {host}"


def limit_wait(headers_and_body: str, tries: int) -> float:
    """Return how many seconds a rate limit asks to wait, from an answer with its headers.

    `Retry-After` counts first, then the reset of a limit that is used up, then a minute, doubled each time.
    """
    head, _, body = headers_and_body.replace("\r\n", "\n").partition("\n\n")
    if after := re.search(r"(?im)^retry-after:\s*(\d{1,6})\s*$", head):
        return float(after[1])
    resets = [_seconds(limit) for limit in _limits(body) if limit.get("remaining") == 0]
    return max(resets, default=LIMITED * 2**tries)


def _limits(body: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)["resources"]
        return [found[name] for name in ("core", "graphql")]
    except (ValueError, KeyError, TypeError):
        return []


def _seconds(limit: dict[str, Any]) -> float:
    reset = limit.get("reset")
    return max(1.0, reset - time.time() + 1) if isinstance(reset, int) else LIMITED
