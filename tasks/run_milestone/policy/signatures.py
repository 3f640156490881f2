"""Decide what a signed answer says, and whether it is for the question that it stands at. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..model import Approval

if TYPE_CHECKING:
    from collections.abc import Container

    from ..model import Decision, Gate

SIGNERS = (".github/allowed_signers", ".allowed_signers")
"""Where the target branch keeps whose signatures count, in the form of ssh-keygen. The first one counts."""
NAMESPACE = "run-milestone"
"""What a signature is made for, so that one of a commit or a file is none of an answer."""
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart."""
_PARTS = ("milestone", "gate", "verb", "digest", "when", "why")


def statement(milestone: str, approval: Approval) -> str:
    """Return the text of an answer that is signed."""
    values = (milestone, approval.gate, approval.verb, approval.digest or "", approval.when, approval.why)
    return json.dumps(dict(zip(_PARTS, values, strict=True)), ensure_ascii=False, indent=2) + "\n"


def differs(approval: Approval, milestone: str) -> str | None:
    """Return how what was signed is not the answer of the file that it is in, None where it is."""
    signed = _read(approval.signed.statement if approval.signed else "")
    now = _read(statement(milestone, approval))
    for part in _PARTS:
        if signed.get(part) != now[part]:
            return f"it was signed for {part} {signed.get(part) or 'nothing'}, not for {now[part] or 'none'}"
    return None


def differs_from_record(decision: Decision, milestone: str, asked: Container[str]) -> str | None:
    """Return how what was signed is not what a decision's record says, None where it is or nothing was signed.

    `asked` are the digests of all that its gate asked.
    """
    if decision.signed is None:
        return None
    digest = _read(decision.signed.statement).get("digest") or None
    answer = Approval(
        "", decision.gate, decision.verb, 0, "", decision.why, digest=digest, when=decision.when, signed=decision.signed
    )
    if (why := differs(answer, milestone)) is not None:
        return why
    return None if digest in asked else "it was signed for a question that its gate never asked"


def untimely(approval: Approval, gate: Gate | None, now: datetime) -> str | None:
    """Return why an answer was not signed while its question was open, None where it was."""
    if gate is None:
        return "it was signed for a question, and none is open"
    when = datetime.fromisoformat(approval.when) if approval.when else None
    if when is None or when > now + SKEW:
        return f"it was signed for a time to come ({approval.when or 'none'})"
    if gate.opened and when < datetime.fromisoformat(gate.opened) - SKEW:
        return f"it was signed at {approval.when}, before the question opened ({gate.opened})"
    return None


def _read(text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else {}
