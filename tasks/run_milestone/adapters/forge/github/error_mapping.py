"""Classify failures of gh, and turn them into errors that a user can act on."""

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
"""Seconds that one call may wait in total. GitHub's hourly limit passes in that time."""
BRIEF = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each retry after a temporary failure of GitHub or the network."""
LIMITED = 60.0
"""Seconds before the first retry after a rate limit that names no time. Doubled for each further one."""


class Trouble(Enum):
    """Kinds of failure; the values are shown while the run waits."""

    BAD_MOMENT = "no proper answer"
    LIMIT = "a rate limit"
    FINAL = "an answer"


_BAD_MOMENT = r"""(?x)
      HTTP \s 50[0234] | \b 50[234] \b .* (?: Gateway | Unavailable )
    | invalid \s character | unexpected \s end \s of \s JSON | \b EOF \b | not \s the \s answer
    | connection \s (?: reset | refused )
    | closed \s network \s connection | timeout | deadline \s exceeded | stream \s error | broken \s pipe
    | Base \s branch \s was \s modified  # GitHub has not computed the new base yet; the head is pinned
    | no \s such \s host | network \s is \s unreachable | Something \s went \s wrong \s while \s executing
    """
_LIMIT = r"(?i)rate limit|abuse detection|submitted too quickly|HTTP 429"


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call of gh. `code` is None on a timeout."""

    words: tuple[str, ...]
    code: int | None
    out: str
    err: str

    @property
    def trouble(self) -> Trouble:
        """The kind of failure."""
        if re.search(_LIMIT, self.err):
            return Trouble.LIMIT
        return Trouble.BAD_MOMENT if self.code is None or re.search(_BAD_MOMENT, self.err) else Trouble.FINAL

    @property
    def name(self) -> str:
        """The command without its options: `gh pr edit 310`, `gh api repos/acme/widgets/labels`."""
        if self.words[0] == "api":
            return f"gh api {next((word for word in self.words[1:] if '/' in word), 'graphql')}"
        return " ".join(("gh", *self.words[:2], *(word for word in self.words[2:3] if word.isdigit())))

    @property
    def missing(self) -> bool:
        """Whether GitHub says that it does not exist."""
        return bool(re.search(r"HTTP 404|Could not resolve to|No commit found", self.err))

    @property
    def message(self) -> str:
        """Gh's own message, sanitised and on one line."""
        words = " ".join(for_terminal(self.err).split()).removeprefix("gh: ")[:500]
        return words or ("no answer in time" if self.code is None else f"exit code {self.code}")


class NotThereError(OutsideError):
    """GitHub says that it does not exist, or that this login may not see it."""


def error(result: CallResult, host: str) -> OutsideError | UsageError:
    """Return the error that the user sees for a failed call."""
    what = f"`{result.name}` failed: {result.message.rstrip('.')}."
    if result.code == 4 or "HTTP 401" in result.err:
        return UsageError(
            f"There is no valid login at {host}: {result.message.rstrip('.')}.", f"Run `{login_command(host)}`."
        )
    if "Could not resolve to a Repository" in result.err:
        return UsageError(
            f"{result.message.rstrip('.')}.",
            "Correct the remote's URL, or `repository: {github: …}` in the plan; or ask for access to it.",
        )
    if result.missing:
        return NotThereError(what, "Look on GitHub whether it exists, and run the same command again.")
    if re.search(r"(?i)not accessible by|scope|must have .* rights|HTTP 403|FORBIDDEN", result.err):
        return OutsideError(what, f"Allow it: `gh auth refresh -h {host} -s repo`, or a token with more rights.")
    return OutsideError(what, "Fix that, or wait, and run the same command again.")


def login_command(host: str) -> str:
    """Return the command that logs in."""
    return "gh auth login" if host == "github.com" else f"gh auth login --hostname {host}"


def limit_wait(headers_and_body: str, tries: int) -> float:
    """Return for how many seconds to wait for a rate limit, from an answer with its headers.

    Uses `Retry-After`, else the reset time of a limit that is used up, else a minute, doubled each time.
    """
    head, _, body = headers_and_body.replace("\r\n", "\n").partition("\n\n")
    if after := re.search(r"(?im)^retry-after:\s*(\d{1,6})\s*$", head):
        return float(after[1])
    resets = [_seconds(limit) for limit in _limits(body) if limit.get("remaining") == 0]
    return max(resets, default=LIMITED * 2**tries)


def _limits(body: str) -> list[dict[str, Any]]:
    try:
        resources = json.loads(body)["resources"]
        return [resources[name] for name in ("core", "graphql")]
    except (ValueError, KeyError, TypeError):
        return []


def _seconds(limit: dict[str, Any]) -> float:
    reset = limit.get("reset")
    return max(1.0, reset - time.time() + 1) if isinstance(reset, int) else LIMITED
