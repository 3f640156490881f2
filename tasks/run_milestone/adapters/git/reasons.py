"""Pick the line of git's output that says why it failed."""

from __future__ import annotations

import re

from ...core.errors import UsageError

_NOISE = re.compile(
    r"(?:hint:|warning:|Warning:|To |From |Cloning into|Pushing to|\*\* |@|Everything up-to-date|POST git-)"
    r"|(?:remote: )?(?:Enumerating|Counting|Compressing|Writing|Resolving|Total|Delta|Receiving)\b"
    r"|remote:[\s=*-]*$|fatal: (?:Could not read from remote|the remote end hung up)"
    r"|error: failed to push some refs|Please make sure|and the repository exists|the (?:RSA|ED25519|ECDSA)"
)
"""Lines that say that something went wrong, or what to do about it, and not what."""
_SURE = re.compile(
    r"Permission denied|Host key verification failed|Could not resolve|Repository not found|Authentication failed"
    r"|Connection (?:refused|timed out|closed|reset)|could not read (?:Username|Password)|No secret key"
)
"""Words that are the reason wherever they stand, below a banner or a warning."""
_REMOTE = re.compile(r"remote: *(?:error|fatal|ERROR)\b")
_DETAIL = re.compile(r"remote: +[-*] ")
"""What GitHub lists below `remote: error: GH013: Repository rule violations found`."""


def not_started(why: str | None) -> UsageError:
    """Return the error for a git that the system does not start: it is missing, or there is no room for a process."""
    hint = "Install git if it is missing; if this machine is out of processes or memory, end other programs."
    return UsageError(f"git could not be started: {(why or 'no reason given').strip()}.", f"{hint} Then run again.")


def reason(output: str) -> str:
    """Return the remote's error with its details, else the first line of git that gives a reason, without its dot."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if _REMOTE.match(line)), None)
    if start is not None:
        details = [line.removeprefix("remote: ") for line in lines[start + 1 :] if _DETAIL.match(line)]
        return " ".join((lines[start].rstrip("."), *details)).rstrip(".")
    sure = [line for line in lines if _SURE.search(line)]
    telling = sure or [line for line in lines if not _NOISE.match(line)]
    return ((telling or lines or ["it printed nothing"])[0]).rstrip(".")
