"""Turn signals into an orderly end of the run."""

from __future__ import annotations

import signal


def heed_signals() -> None:
    """End like a ^C when the system asks this program to end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    _ = number, frame
    raise KeyboardInterrupt
