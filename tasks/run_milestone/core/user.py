"""Tell who runs this program."""

from __future__ import annotations

import getpass
import os
import socket


def whoami() -> str:
    """Return the login name of the user, or the user id where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def account() -> str:
    """Return the user's account on this machine, which no configuration of git changes."""
    return f"{whoami()}@{socket.gethostname()}"
