"""The commands that make something happen: run, decide, land, panic."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, UsageError
from ..core.units import dollars, seconds
from .base import Commands, add_milestone, current_project, load_plan, near, opened, put
from .state import add_lock, add_state_ref

if TYPE_CHECKING:
    from ..model import Milestone
    from ..plan.project import Project


ANSWERS = ("approve", "fix", "skip", "continue", "retry")
"""Verbs that are commands too."""

WISHES = (
    *("jobs", "autonomous", "auto_fix", "watch", "verbose", "metrics", "max_time", "max_cost"),
    *("skip_code_review", "skip_plan_review", "no_worktree", "no_issues", "unsandboxed"),
)
"""Flags that a run is handed as they are."""
MOST_FIXES = 20
"""Attempts that may be given to one stop before anybody is asked."""


def run(args: argparse.Namespace) -> int:
    """Run or resume a milestone."""
    project = current_project()
    if args.dry_run:
        return _foretell(project, args)
    from ..model import RunOptions
    from ..render.transcript import issues_done
    from ..runner.answerers import Prompt, can_ask
    from ..runner.run import run as run_milestone

    milestone = load_plan(project, args.milestone)
    if args.no_worktree and args.jobs > 1:
        raise UsageError("With --no-worktree all issues share one tree, one after the other.", "Leave out --jobs.")
    wished = {name: getattr(args, name) for name in WISHES}
    if args.lock and not args.state_ref:
        raise UsageError("--lock is about the state on the remote.", "Give --state-ref with it.")
    if args.no_issues and args.only is not None:
        raise UsageError("--no-issues and --only are about different tasks.", "Give one of them.")
    shared = {"shared": args.state_ref, "lock": args.lock}
    options = RunOptions(only_issues(args.only, milestone), **wished, **shared)
    if options.only and options == RunOptions(options.only, jobs=options.jobs):
        from ..store import State

        if done := State(project.state(milestone.id)).sealed().get("run"):  # all is complete: its issues are, too
            put("\n".join([done.rstrip("\n"), *issues_done(options.only), ""]))
            return ExitCode.DONE
    prompt = Prompt(milestone, project.state(milestone.id))
    return run_milestone(project, milestone, options, prompt if can_ask(options) else None)


def _foretell(project: Project, args: argparse.Namespace) -> int:
    """Tell the next steps and the stops to expect; not even the compiled plan is written."""
    from .dry_run import foretell

    milestone = load_plan(project, args.milestone, write=False)
    put(foretell(project, milestone, only_issues(args.only, milestone)))
    return ExitCode.DONE


def only_issues(text: str | None, milestone: Milestone) -> tuple[str, ...]:
    """Return the issues that `--only 3,04` names, each as its two digits; none where the flag is not given."""
    if text is None:
        return ()
    known = [issue.number for issue in milestone.issues]
    words = [word.strip() for word in text.split(",") if word.strip()]
    asked = tuple(dict.fromkeys(f"{word:0>2}" if word.isdigit() else word for word in words))
    unknown = [number for number in asked if number not in known]
    if not asked:
        raise UsageError("--only names no issue.", f"The issues of {milestone.id} are {', '.join(known)}.")
    if unknown:
        raise UsageError(f"{milestone.id} has no issue {', '.join(unknown)}.", f"Its issues are {', '.join(known)}.")
    return asked


def decide(args: argparse.Namespace) -> int:
    """Answer a gate: the same as touching its approval file, with a reason and bound to what is shown now."""
    from .decide import decide_elsewhere, gate_of, leave_decision, opened_signer

    milestone, state = opened(args)
    answer = gate_of(args.gate), args.verb, args.reason
    with opened_signer(current_project(), milestone) if args.sign else nullcontext() as signer:
        if args.state_ref:
            put("\n".join([*decide_elsewhere(current_project(), milestone, *answer, signer), ""]))
            return ExitCode.DONE
        path = leave_decision(milestone, state, *answer, signer)
    put(f"✓ {near(path)} written; `run-milestone {milestone.id}` takes it up.\n")
    return ExitCode.DONE


def land(args: argparse.Namespace) -> int:
    """Merge a milestone's pull requests in order into its branch, then open its own pull request to the target."""
    from .land import land as land_milestone
    from .land import preview_landing

    project = current_project()
    if args.dry_run:
        put(preview_landing(project, load_plan(project, args.milestone, write=False)))
        return ExitCode.DONE
    return land_milestone(project, load_plan(project, args.milestone), shared=args.state_ref)


def panic(args: argparse.Namespace) -> int:
    """Stop the run of a milestone and every process it started; its pull requests become drafts."""
    from .panic import panic as stop_everything

    project = current_project()
    put("\n".join([*stop_everything(project, load_plan(project, args.milestone)), ""]))
    return ExitCode.DONE


def reset(args: argparse.Namespace) -> int:
    """Take away what the runner made for a milestone or some of its issues; say what stays, and ask first."""
    from .reset import reset as take_away

    project = current_project()
    milestone = load_plan(project, args.milestone)
    numbers = only_issues(",".join(args.issues) if args.issues else None, milestone)
    for line in take_away(project, milestone, numbers, sure=args.yes):
        put(f"{line}\n")
    return ExitCode.DONE


def _add_reset(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("issues", nargs="*", metavar="NN", help="these issues only; none means all of them")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _add_run(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="run independent issues in parallel")
    add_only(parser)
    parser.add_argument(
        "--no-issues", action="store_true", help="run only what lies between the issues: plan review, barriers"
    )
    parser.add_argument("--autonomous", action="store_true", help="ask nobody: decide as the stop table says")
    parser.add_argument(
        "--auto-fix", type=_times, default=0, metavar="N", help="send findings back N times at each stop before asking"
    )
    parser.add_argument("--watch", action="store_true", help="wait for answers and go on by itself")
    parser.add_argument(
        "--dry-run", action="store_true", help="tell the next steps and stops to expect; change nothing"
    )
    parser.add_argument("--verbose", action="store_true", help="say of every task why it runs or does not")
    parser.add_argument(
        "--skip-code-review", action="store_true", help="leave review out and say so; a run without it reviews"
    )
    parser.add_argument("--skip-plan-review", action="store_true", help="leave the plan's review out and say so")
    parser.add_argument(
        "--no-worktree", action="store_true", help="one tree for all issues; people work in their own checkout"
    )
    parser.add_argument(
        "--unsandboxed", action="store_true", help="run agents, tests and tools without a sandbox, and record that"
    )
    parser.add_argument("--metrics", action="store_true", help="write metrics.json")
    add_state_ref(parser)
    add_lock(parser)
    parser.add_argument("--max-time", type=_time, metavar="2h", help="stop when all runs' steps took this long")
    parser.add_argument("--max-cost", type=_money, metavar="USD", help="stop when all runs' agents cost this much")


def add_only(parser: argparse.ArgumentParser) -> None:
    """Let a command run some issues only."""
    parser.add_argument("--only", metavar="NN[,NN]", help="run these issues only, and what they need")


def _add_land(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would land, and in which order; change nothing"
    )
    add_state_ref(parser)


def _count(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs; give 1 or more")
    return number


def _times(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_FIXES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of attempts; give 0 to {MOST_FIXES}")
    return int(text)


def _time(text: str) -> int:
    value = seconds(text)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; give one like 90m, 2h or 3600 (seconds)")
    return value


def _money(text: str) -> float:
    value = dollars(text)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of US dollars; give one like 20 or 7.50")
    return value


def _add_decide(parser: argparse.ArgumentParser) -> None:
    _add_gate(parser)
    parser.add_argument("verb", help="fix, approve, skip, unskip, continue, ...: `gates` lists what each gate offers")
    _add_reason(parser)


def _add_gate(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("gate", help="an issue's number, phase-1, plan-review, bootstrap or budget")


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", default="", help="why; it is recorded")
    parser.add_argument("--sign", action="store_true", help="sign it with your ssh key, where the plan names people")
    add_state_ref(parser)


def _add_answer(verb: str, parser: argparse.ArgumentParser) -> None:
    """Let a command be a verb: `run-milestone approve m1 02` is `run-milestone decide m1 02 approve`."""
    _add_gate(parser)
    _add_reason(parser)
    parser.set_defaults(verb=verb)


COMMANDS: Commands = {
    "run": (run, _add_run),
    "decide": (decide, _add_decide),
    **{verb: (decide, partial(_add_answer, verb)) for verb in ANSWERS},
    "land": (land, _add_land),
    "panic": (panic, add_milestone),
    "reset": (reset, _add_reset),
}
