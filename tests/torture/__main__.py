"""Try every promise of the product and print `row: survived/tried`: `python -m tests.torture`.

A row's trials are tests; those that print `figure: row N: …: a / b` count as that many. What has ended is kept in a
file, so that a second call goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from .rows import NOT_SHOWN, ROWS, Row

ROOT = Path(__file__).parents[2]
FIGURE = re.compile(r"^figure: row (\d+): .*?(\d+) / (\d+)$", re.MULTILINE)


def main() -> int:
    """Try the rows that are asked for; returns 1 where one of them did not survive all its trials."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--row", type=int, action="append", choices=ROWS, help="only this row; may be given often")
    parser.add_argument("--seed", type=int, default=41, help="draws the samples (41)")
    parser.add_argument("--sample", action="store_true", help="only what every run of the tests tries")
    parser.add_argument("--whole", action="store_true", help="every line, write and read instead of a sample of them")
    parser.add_argument("--kept", type=Path, default=Path("torture.json"), help="what has ended (torture.json)")
    args = parser.parse_args()
    kept = _kept(args.kept, [args.seed, args.sample, args.whole])
    whole = {"TORTURE": "whole"} if args.whole else {}
    env = {**os.environ, "TORTURE_SEED": str(args.seed), **whole}
    totals = {}
    for number in args.row or ROWS:
        totals[number] = _row(number, ROWS[number], env, kept, args)
        survived, tried = totals[number]
        print(f"row {number:2}: {survived}/{tried}  {ROWS[number].promise}", flush=True)
    print("\n".join(["", "Not shown on one machine:", *(f"- {what}" for what in NOT_SHOWN)]))
    return int(any(survived < tried or not tried for survived, tried in totals.values()))


def _kept(path: Path, how: list[object]) -> dict[str, list[int]]:
    """Return what has ended of trials made in the same way."""
    before = json.loads(path.read_text()) if path.exists() else {}
    return before.get("ended", {}) if before.get("how") == how else {}


def _row(number: int, row: Row, env: dict[str, str], kept: dict[str, list[int]], args: argparse.Namespace) -> list[int]:
    """Return how many trials of a row survived, and how many there were; each file of tests is tried once."""
    total = [0, 0]
    for place in row.tests:
        key = f"{number} {place}"
        if key not in kept:
            kept[key] = _tried(number, place, env, sample=args.sample)
            how = [args.seed, args.sample, args.whole]
            args.kept.write_text(json.dumps({"how": how, "ended": kept}, indent=1) + "\n")
        total = [total[0] + kept[key][0], total[1] + kept[key][1]]
    return total


def _tried(number: int, place: str, env: dict[str, str], *, sample: bool) -> list[int]:
    """Run the tests of one place; returns how many trials survived, and how many there were."""
    path, _, words = place.partition(" -k ")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", path, f"--junitxml={report}", "-o", "junit_logging=all"]
        command += ["-m", "not torture" if sample else "torture or not torture", *(["-k", words] if words else [])]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if not report.exists():
            print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            return [0, 1]
        return _counted(number, ET.parse(report).getroot())  # our own


def _counted(number: int, report: ET.Element) -> list[int]:
    """Return what a report of tests says of a row: a test that prints no figure of it is one trial."""
    survived = tried = 0
    for case in report.iter("testcase"):
        if case.find("skipped") is not None:
            continue
        output = case.findtext("system-out") or ""
        figures = [(int(good), int(all_)) for row, good, all_ in FIGURE.findall(output) if int(row) == number]
        failed = case.find("failure") is not None or case.find("error") is not None
        if failed:
            print(f"  ✗ {case.get('classname')}::{case.get('name')}", file=sys.stderr, flush=True)
        good, all_ = map(sum, zip(*figures, strict=True)) if figures else (int(not failed), 1)
        survived, tried = survived + min(good, all_ - failed), tried + all_
    return [survived, tried]


if __name__ == "__main__":
    sys.exit(main())
