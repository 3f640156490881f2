"""persons: what lets git act as the operator does, where it reaches a remote or makes a worktree for a person."""

from __future__ import annotations

import os
from pathlib import Path


def persons() -> dict[str, str]:
    """Return what lets git act with the operator's own credentials: their configuration and their keys."""
    kept = ("HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "SSH_ASKPASS", "XDG_CONFIG_HOME")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {**found, "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL", _global_config())}


def _global_config() -> str:
    home = Path(os.environ.get("HOME", "/"))
    xdg = Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "git" / "config"
    return str(next((path for path in (home / ".gitconfig", xdg) if path.exists()), "/dev/null"))
