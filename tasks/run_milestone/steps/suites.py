"""Run the test commands that a change needs, one for each part of the repository, and add up what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..model import is_empty
from ..policy.parts import suites
from .run_tests import SuiteResult, is_pytest, run_suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..adapters.process import Processes
    from ..model import Imports
    from ..policy.parts import Suite
    from .step_context import StepContext
    from .workplace import Workplace


def suites_of(ctx: StepContext) -> tuple[Suite, ...]:
    """Return the test commands that the issue's change needs."""
    commands = ctx.milestone.commands
    return suites(commands, changed_paths(ctx)) if commands.parts else suites(commands)


def changed_paths(ctx: StepContext) -> tuple[str, ...]:
    """Return the paths that the issue changes, with those it takes away."""
    head = ctx.head or ctx.base
    return ctx.git.changed(ctx.git.common_ground(ctx.base, head), head, gone=True)


def run_each(
    processes: Processes,
    wanted: Iterable[Suite],
    place: Workplace,
    log: Path,
    *,
    only: tuple[str, ...] | None = None,
    cover: bool = False,
) -> dict[Suite, SuiteResult]:
    """Run test commands in a tree, one after another; of the test files in `only` each runs its own."""
    results = {}
    for suite in wanted:
        picked = tuple(filter(suite.has_file, only or ()))
        if only and not picked and is_pytest(suite.commands.test):
            continue
        files = only if only is None else picked
        result = run_suite(processes, suite.commands, place, log, only=files, cover=cover)
        results[suite] = replace(result, cases=tuple(map(suite.marked, result.cases)))
    return results


def added_up(results: Mapping[Suite, SuiteResult]) -> SuiteResult:
    """Return one result for several parts: the first problem stands for all, and names its part."""
    if len(results) < 2:
        return next(iter(results.values()), SuiteResult())
    worst = sorted((item for item in results.items() if item[1].problem), key=lambda item: is_empty(item[1].problem))
    broken = worst[0] if worst else None
    several = tuple(results.values())
    looked = tuple(one.imports for one in several if one.imports)
    return SuiteResult(
        cases=tuple(case for one in several for case in one.cases),
        problem=_named(*broken) if broken else None,
        ended=all(one.ended for one in several),
        coverage=_joined([one.coverage for one in several if one.coverage]),
        output=broken[1].output if broken else "",
        imports=_imports(looked) if looked else None,
        set_up=next((one.set_up for one in several if one.set_up), None),
    )


def _named(suite: Suite, result: SuiteResult) -> str:
    return f"{suite.name}: {result.problem}" if suite.name and not result.set_up else str(result.problem)


def _imports(looked: tuple[Imports, ...]) -> Imports:
    """Return from where the packages came in all runs. One run that knows it is enough: not every part is Python."""
    return replace(
        looked[0],
        python=next((one.python for one in looked if one.python), ""),
        places=tuple(dict.fromkeys(place for one in looked for place in one.places)),
        elsewhere=tuple(dict.fromkeys(place for one in looked for place in one.elsewhere)),
        unknown=all(one.unknown for one in looked),
    )


def _joined(reports: list[str]) -> str:
    """Return one coverage report (coverage's JSON) for several: a line counts as run where one part ran it."""
    if len(reports) < 2:
        return "".join(reports)
    files: dict[str, Any] = {}
    try:
        for path, lines in ((path, lines) for text in reports for path, lines in json.loads(text)["files"].items()):
            ran = set(lines["executed_lines"]) | set(files.get(path, {}).get("executed_lines", ()))
            missing = (set(lines["missing_lines"]) | set(files.get(path, {}).get("missing_lines", ()))) - ran
            files[path] = {"executed_lines": sorted(ran), "missing_lines": sorted(missing)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return reports[0]
    return json.dumps({"files": files})
