"""Decide what a signed answer says, and whether it is for this question. Pure."""

from __future__ import annotations

SIGNERS = (".github/allowed_signers", ".allowed_signers")
"""Where the target branch keeps whose signatures count, in the form of ssh-keygen. The first one counts."""
