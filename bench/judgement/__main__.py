"""Ask what the judgement is worth: `python -m bench.judgement [CASE …] [--dir DIR] [--seed N] [--limit SECONDS]`.

Releases are fetched once. A case that has a result is not replayed again without `--again`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .fetch import NotFetchedError, fetch, lock
from .projects import PROJECTS, cases
from .replay import Replay, Result, as_data, from_data
from .rules import judge
from .table import as_text, misses

if TYPE_CHECKING:
    from .projects import Case


def main() -> int:
    args = _parser().parse_args()
    chosen = list(cases(frozenset(args.cases)))
    if not chosen:
        print("no such case; the projects are " + ", ".join(project.name for project in PROJECTS))
        return 2
    results = [result for case in chosen if (result := _result(case, args)) is not None]
    print(as_text(results, args.seed))
    return int(bool(misses(results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judgement", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="a project (`qs`) or a change (`qs-6.11.0`); all")
    parser.add_argument("--again", action="store_true", help="replay them again, also where there is a result")
    parser.add_argument("--kept", action="store_true", help="replay nothing, print what has a result")
    default = Path(tempfile.gettempdir()) / "run-milestone-judgement"
    parser.add_argument("--dir", type=Path, default=default, help="where releases, work and results are kept")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="draws the places of the faults")
    parser.add_argument("--limit", type=int, default=900, metavar="SECONDS", help="for each case")
    return parser


def _result(case: Case, args: argparse.Namespace) -> Result | None:
    """Return what became of a case, from its file where it has one. The rules are applied anew each time."""
    kept = args.dir.resolve() / "results" / f"{case.name}.json"
    is_kept = kept.is_file() and not args.again
    if args.kept and not is_kept:
        return None
    result = from_data(json.loads(kept.read_text(encoding="utf-8"))) if is_kept else _replay(case, args)
    if result is None:
        return None
    judge(result, args.dir.resolve() / "work" / case.name, args.limit)
    if not is_kept:
        print(f"{case.name}: {_said(result)}, {result.seconds:.0f} s", flush=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(as_data(result), indent=2) + "\n", encoding="utf-8")
    return result


def _replay(case: Case, args: argparse.Namespace) -> Result | None:
    """Replay a case; one that cannot be fetched is left out by name."""
    store, work = args.dir.resolve() / "store", args.dir.resolve() / "work"
    work.mkdir(parents=True, exist_ok=True)
    try:
        before, after = (fetch(case.project, version, store) for version in (case.before, case.after))
        if case.project.registry == "npm":
            lock(before, after)
    except NotFetchedError as error:
        print(f"{case.name}: left out, {error}", flush=True)
        return None
    result = Replay(case, work, args.seed, args.limit).run(before, after)
    shutil.rmtree(work / f"{case.name}.worktrees", ignore_errors=True)
    return result


def _said(result: Result) -> str:
    if result.stuck:
        return f"stuck: {result.stuck.splitlines()[0]}"
    asked = sum(bool(one.questions) for one in result.good)
    unwanted = sum(any(not each.deserved for each in one.questions) for one in result.good)
    missed = sum(not one.caught for one in result.faulty)
    return (
        f"asked about {asked} of {len(result.good)} good changes, {unwanted} unwanted; "
        f"{missed} of {len(result.faulty)} faults let through"
    )


if __name__ == "__main__":
    raise SystemExit(main())
