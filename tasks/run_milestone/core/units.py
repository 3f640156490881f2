"""Parse and print time, money and counts as people write them in plans, flags and answers."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds(text: str) -> int | None:
    """Return the seconds of `90m`, `2h` or `3600`, None for other text."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd]?)", text)
    return int(match[1]) * _UNITS[match[2] or "s"] if match else None


def dollars(text: str) -> float | None:
    """Return the US dollars of `20`, `7.50` or `$20`, None for other text and for 0."""
    match = re.fullmatch(r"\$?([0-9]{1,9}(?:\.[0-9]{1,2})?)", text)
    return float(match[1]) if match and float(match[1]) > 0 else None


def duration(value: float) -> str:
    """Return whole seconds in the largest unit that loses nothing: `2h`, `90m`, `61s`."""
    whole = int(value)
    unit = next(unit for unit in "hms" if whole % _UNITS[unit] == 0) if whole else "s"
    return f"{whole // _UNITS[unit]}{unit}"


def amount(value: float) -> str:
    """Return dollars as `dollars` reads them: `20`, `7.50`."""
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def count(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
