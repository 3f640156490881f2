"""Measure what run-milestone costs, as ratios within one run: `python -m bench [--json FILE]` in the checkout.

It takes some minutes, prints one table, and ends with 1 where a bar is not met. Nothing here is a timed test: on a
busy machine all that is compared is slowed alike, so look at the ratios and run it again before believing one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from run_milestone import __version__

from .boxed import cost_of_boxes
from .finished import make_finished
from .growth import as_table, measure, misses
from .honest import see_that_seals_are_honest
from .nothing import against_bare_doit, against_ninja, against_python
from .parallel import against_critical_path, against_one_job
from .plot import as_svg
from .reading import against_libyaml
from .setup import against_first_setup
from .share import own_share
from .table import Row, Skipped, plain, printed

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES, QUICK = (13, 100, 1000, 5000), (13, 100, 1000)
"""Issues of the milestones by which growth is measured."""
SMALL, LARGE = (5, 5, 3), (100,) * 10
"""Issues by phase: the founding example's 13, and 1,000."""


def main() -> int:
    args = _parser().parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages come with their bytecode
    with tempfile.TemporaryDirectory(prefix="run-milestone-bench-") as folder:
        rows = list(_quick(Path(folder).resolve()) if args.quick else _rows(Path(folder).resolve()))
        sizes, rounds = (QUICK, 1) if args.quick else (SIZES, 3)
        growth = measure(Path(folder).resolve() / "growth", sizes, rounds)
    about = _about()
    print(printed(rows), as_table(growth, about), sep="\n\n")
    if args.svg:
        args.svg.write_text(as_svg(growth, about), encoding="utf-8")
    if args.json:
        args.json.write_text(json.dumps([plain(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    return int(bool(misses(growth)) or any(isinstance(row, Row) and row.met is False for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to FILE")
    parser.add_argument("--quick", action="store_true", help="the small milestone, and growth to 1,000")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the growth of each command into FILE")
    return parser


def _about() -> str:
    """Return when, where and with what was measured."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    versions = f"run-milestone {__version__}, Python {platform.python_version()}, git {git}"
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.now(UTC):%Y-%m-%d}, {versions}, {os.cpu_count()} cores, load {load}"


def _quick(folder: Path) -> Iterator[Row | Skipped]:
    _say("seeing that what is measured is what users get")
    see_that_seals_are_honest(folder / "honest")
    _say("13 issues, then growth to 1,000")
    small = make_finished(folder / "small", SMALL)
    yield from against_python(small, rounds=11)
    yield against_bare_doit(small, rounds=7)


def _rows(folder: Path) -> Iterator[Row | Skipped]:
    _say("seeing that what is measured is what users get")
    see_that_seals_are_honest(folder / "honest")
    _say("13 issues")
    small = make_finished(folder / "small", SMALL)
    yield from against_python(small, rounds=41)
    yield against_bare_doit(small, rounds=21)
    _say("1,000 issues: their 11,000 markers take a minute or two")
    large = make_finished(folder / "large", LARGE)
    yield from against_ninja(large, rounds=21)
    yield against_bare_doit(large, rounds=7)
    yield from against_libyaml(large, rounds=7)
    _say("agents of a second side by side")
    yield against_one_job(folder, rounds=3)
    yield against_critical_path(folder, rounds=3)
    _say("what set-ups install, from the registries of npm and PyPI")
    yield from against_first_setup(folder)
    _say("commands and runs of one issue, in a sandbox and outside of it")
    yield from cost_of_boxes(folder / "boxed")
    _say("the founding example, once")
    yield from own_share(folder)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
