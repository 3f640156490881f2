"""Who runs this program."""

from __future__ import annotations

import getpass
import os


def whoami() -> str:
    """Return the login name of whoever runs this; their number where they have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
