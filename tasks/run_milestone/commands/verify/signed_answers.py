"""Check the signatures of answers again, with the allowed signers by which they counted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ...adapters.process.ssh_keygen import signers_of
from ...policy.signatures import NAMESPACE, differs_from_record
from ...policy.teams import bare
from ...steps.target_policy import signers_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.process import Processes
    from ...model import Decision, Signed
    from .snapshot import Snapshot


def signed_answers(snapshot: Snapshot, processes: Processes) -> Iterator[str]:
    """Yield the signed decisions that their signature does not prove any more."""
    opened = [entry for entry in snapshot.state.journal.entries() if entry.get("event") == "gate opened"]
    for decision in snapshot.state.decisions.written():
        if decision.signed is None:
            continue
        entries = (entry for entry in opened if entry.get("gate") == decision.gate)
        asked = {digest for entry in entries for digest in (entry.get("digest"), *entry.get("digests", ()))}
        why = differs_from_record(decision, snapshot.milestone.id, asked) or _unproven(
            snapshot, decision, decision.signed, processes
        )
        if why:
            yield f"decision {decision.id} by {decision.who}: {why}"


def _unproven(snapshot: Snapshot, decision: Decision, signed: Signed, processes: Processes) -> str | None:
    """Return why the signature is not by who decided, None where it is."""
    git, target = snapshot.git, snapshot.milestone.target
    tips = (snapshot.local.get(target), snapshot.world.heads.get(target))
    if not any(
        tip and git.has(tip) and git.has(signed.signers) and git.is_ancestor(signed.signers, tip) for tip in tips
    ):
        return f"{target} never had the commit {signed.signers[:10] or 'of nothing'} with its allowed signers"
    allowed = signers_at(git, signed.signers)
    if allowed is None:
        return f"{signed.signers[:10]} does not say whose signatures count"
    when, text = datetime.fromisoformat(decision.when), signed.statement
    names = signers_of(processes, text, signed.signature, namespace=NAMESPACE, allowed=allowed, when=when)
    if isinstance(names, str):
        return names
    return None if bare(decision.who) in map(bare, names) else f"it was signed by {', '.join(names)}"
