"""cli: run-milestone's commands; each is a few lines over the rooms below."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import INTERRUPTED, ExitCode, UsageError, UserError
from .plan import load
from .plan.amounts import dollars, seconds
from .plan.ids import normalise
from .project import Project, find_project
from .state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import Milestone

    Command = Callable[[argparse.Namespace], int]

MOST_ISSUES = 99
"""Issues that a new plan is sketched with; nobody describes more at once."""


def main(words: list[str] | None = None) -> int:
    """Run one command; what a user can cause becomes a sentence and an exit code, a bug keeps its traceback."""
    words = _with_run(sys.argv[1:] if words is None else words)
    try:
        args = _parser().parse_args(words)
        if args.directory:
            _enter(args.directory)
        command: Command = args.command
        return command(args)
    except UserError as error:
        sys.stderr.write(f"run-milestone: {error}\n")
        return error.code
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.FAILED
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED)
        return ExitCode.INTERRUPTED


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}.", "Name an existing folder with `-C DIR`.") from None


def _project() -> Project:
    return find_project(Path.cwd())


def _load(project: Project, identity: str) -> Milestone:
    name = normalise(identity)
    return load(project.plan(name), cache=project.state(name) / "cache" / "plan.json")


def _opened(args: argparse.Namespace) -> tuple[Milestone, State]:
    project = _project()
    milestone = _load(project, args.milestone)
    return milestone, State(project.state(milestone.id))


# ---- the commands ---------------------------------------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Run or resume a milestone."""
    project = _project()
    if args.dry_run:
        return _foretell(project, args)
    from .answers import Prompt
    from .running import Mode, asks
    from .running import run as run_milestone
    from .show.standing import status_text

    milestone = _load(project, args.milestone)
    wished = {name: getattr(args, name) for name in ("jobs", "autonomous", "watch", "verbose", "metrics")}
    mode = Mode(_only(args.only, milestone), time=args.max_time, money=args.max_cost, **wished)
    prompt = Prompt(lambda: status_text(milestone, State(project.state(milestone.id))))
    return run_milestone(project, milestone, mode, prompt if asks(mode) else None)


def _foretell(project: Project, args: argparse.Namespace) -> int:
    """Tell the next steps and the stops to expect; not even the compiled plan is kept."""
    from .foretelling import foretell

    milestone = load(project.plan(normalise(args.milestone)))
    _print(foretell(project, milestone, _only(args.only, milestone)))
    return ExitCode.DONE


def _only(text: str, milestone: Milestone) -> tuple[str, ...]:
    known = [issue.number for issue in milestone.issues]
    asked = tuple(f"{word.strip():0>2}" for word in text.split(",") if word.strip())
    unknown = [number for number in asked if number not in known]
    if unknown:
        raise UsageError(f"{milestone.id} has no issue {', '.join(unknown)}.", f"Its issues are {', '.join(known)}.")
    return asked


def status(args: argparse.Namespace) -> int:
    """Show how a milestone stands, from local records alone."""
    from .show.standing import status_text
    from .show.summary import summarise

    milestone, state = _opened(args)
    _print(summarise(milestone, state) if args.json else status_text(milestone, state))
    return ExitCode.DONE


def gates(args: argparse.Namespace) -> int:
    """Show everything that waits for a decision, with the commands that answer it."""
    from .show.standing import gates_json, gates_text

    milestone, state = _opened(args)
    _print(gates_json(milestone, state) if args.json else gates_text(milestone, state))
    return ExitCode.DONE


def decide(args: argparse.Namespace) -> int:
    """Answer a gate: the same as touching its approval file, with a reason and bound to what is shown now."""
    from .deciding import leave_decision

    milestone, state = _opened(args)
    path = leave_decision(milestone, state, args.gate, args.verb, args.reason)
    _print(f"✓ {_near(path)} written; `run-milestone {milestone.id}` takes it up.\n")
    return ExitCode.DONE


def why(args: argparse.Namespace) -> int:
    """Tell for each task why it would run, or why not."""
    from .explaining import explain

    project = _project()
    _print(explain(project, _load(project, args.milestone), args.task))
    return ExitCode.DONE


def graph(args: argparse.Namespace) -> int:
    """Print the milestone's graph: issues inside their phases, dependencies, barriers, and how each stands."""
    from .show.graph import draw
    from .show.standing import statuses

    milestone, state = _opened(args)
    _print(draw(milestone, statuses(milestone, state), args.format))
    return ExitCode.DONE


def report(args: argparse.Namespace) -> int:
    """Write state/ID/report.html: the whole milestone on one page, from the records alone."""
    from .show.page import page

    milestone, state = _opened(args)
    _print(f"✓ {_near(state.write_report(page(milestone, state)))}\n")
    return ExitCode.DONE


def verify(args: argparse.Namespace) -> int:
    """Derive every record again from git and the forge, and tell where they differ; changes nothing."""
    from .verifying import verify as derive_again

    project = _project()
    told, agrees = derive_again(project, _load(project, args.milestone))
    _print(told)
    return ExitCode.DONE if agrees else ExitCode.FAILED


def panic(args: argparse.Namespace) -> int:
    """Stop the run of a milestone and every process it started; its pull requests become drafts."""
    from .stopping import panic as stop_everything

    project = _project()
    _print("\n".join([*stop_everything(project, _load(project, args.milestone)), ""]))
    return ExitCode.DONE


def doctor(args: argparse.Namespace) -> int:
    """Tell what works here: Python, git, tools, and each plan's repository, remote, forge, agent and commands."""
    from .doctor import examine, stop_table
    from .plan import milestones

    if args.stops:
        _print(stop_table())
        return ExitCode.DONE
    project = _project() if args.milestone or _is_project() else None
    names = [normalise(args.milestone)] if args.milestone else list(milestones(project.plans)) if project else []
    told, works = examine(project, names)
    _print(told)
    return ExitCode.DONE if works else ExitCode.FAILED


def _is_project() -> bool:
    return any((folder / "plans").is_dir() for folder in (Path.cwd(), *Path.cwd().parents))


def completion(args: argparse.Namespace) -> int:
    """Print a script that makes a shell complete commands, options and milestones."""
    from .show.completion import completion as script

    _print(script(args.shell, _options()))
    return ExitCode.DONE


def plan_check(args: argparse.Namespace) -> int:
    """Check a plan and its review without running anything."""
    from .plan.review import review
    from .show.words import count

    milestone = _load(_project(), args.milestone)
    findings = review(milestone)
    issues, phases = count(len(milestone.issues), "issue"), count(len(milestone.phases), "phase")
    lines = [f"✓ plans/{milestone.id}/plan.yaml: {issues} in {phases}", *(f"  ⚠️ {item.message}" for item in findings)]
    _print("\n".join(lines) + "\n")
    return ExitCode.DONE


def plan_review(args: argparse.Namespace) -> int:
    """Review a plan: what nobody could tell, what two people would read differently, what is worth knowing."""
    from .plan.review import EPIC, review, verdict
    from .plan.specs import epic_text
    from .show.plan_review import reviewed

    project = _project()
    milestone = _load(project, args.milestone)
    findings = review(milestone, epic_text(project.plan(milestone.id), EPIC))
    _print("\n".join([f"Plan review of {milestone.id}: {milestone.title}", *reviewed(milestone, findings), ""]))
    return ExitCode.FAILED if verdict(findings) == "ADDRESS CRITICALS" else ExitCode.DONE


def plan_new(args: argparse.Namespace) -> int:
    """Write the skeleton of a new plan; on a terminal what no flag says is asked."""
    from .starting import Sketch, default_target, sketch_plan

    project, name = _project(), normalise(args.milestone)
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    plain = Sketch()
    sketch = Sketch(
        args.title or _asked(asks, "Title", plain.title),
        args.target or _asked(asks, "Target branch", default_target(project.root)),
        args.issues or _how_many(_asked(asks, "Number of issues", str(plain.issues))),
    )
    path = sketch_plan(project, name, sketch)
    _print(f"✓ made {_near(path)}\nNow describe your issues in it, then `run-milestone plan review {name}`.\n")
    return ExitCode.DONE


def _asked(asks: bool, what: str, default: str) -> str:  # noqa: FBT001
    """Return what the person types, the default where they type nothing or nobody is there."""
    if not asks:
        return default
    try:
        return input(f"{what} [{default}]: ").strip() or default
    except EOFError:
        return default


def _how_many(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ISSUES:
        raise UsageError(f"{text!r} is no number of issues.", f"Give one from 1 to {MOST_ISSUES}.")
    return int(text)


def init(args: argparse.Namespace) -> int:
    """Make the current folder a project: a first plan, a two-line dodo.py, and what git is to ignore."""
    from .starting import make_project

    _print(make_project(Path.cwd(), normalise(args.milestone)))
    return ExitCode.DONE


def demo(args: argparse.Namespace) -> int:
    """Play the founding example with its eight recorded decisions."""
    from .answers import read_recorded
    from .running import Mode
    from .running import run as run_milestone
    from .starting import make_demo

    project = Project(make_demo(Path(args.dir)))
    milestone = _load(project, "m4.1")
    code = run_milestone(project, milestone, Mode(), read_recorded(project.plan("m4.1") / "decisions.yaml"))
    _print(f"\nIt all happened in {args.dir}: look at state/m4.1/, product/ and remote/product.forge/ there.\n")
    return code


def schema(args: argparse.Namespace) -> int:
    """Print a JSON Schema of what is read from or written for others."""
    from .schemas import read_schema

    _print(read_schema(args.name))
    return ExitCode.DONE


def _near(path: Path) -> Path:
    """Return a path as it reads best from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _print(what: Any) -> None:
    text = what if isinstance(what, str) else json.dumps(what, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()


# ---- the command line -----------------------------------------------------------------------------------------


def _with_run(words: list[str]) -> list[str]:
    """Put `run` before a milestone that stands where a command would: `run-milestone m4.1`."""
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in {"-C", "--directory"} else 1
    if index < len(words) and words[index] not in COMMANDS and words[index].lstrip("mM")[:1].isdigit():
        return [*words[:index], "run", *words[index:]]
    return words


def _parser() -> argparse.ArgumentParser:
    anywhere = argparse.ArgumentParser(add_help=False)
    anywhere.add_argument("-C", "--directory", metavar="DIR", default=argparse.SUPPRESS, help="work in DIR")
    parser = argparse.ArgumentParser(
        prog="run-milestone",
        description="Carry every issue of a milestone plan from branch to reviewed pull request.",
        epilog="`run-milestone m4.1` runs or resumes milestone m4.1.",
    )
    parser.add_argument("-C", "--directory", metavar="DIR", help="work in DIR")
    parser.add_argument("--version", action="version", version=f"run-milestone {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, add) in COMMANDS.items():
        text = (command.__doc__ or "").splitlines()[0]
        sub = commands.add_parser(name, help=text, description=text, parents=[anywhere])
        sub.set_defaults(command=command)
        add(sub)
    return parser


def _milestone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", metavar="ID", help="the milestone: m4.1, M4.1 or 4.1")


def _milestone_json(parser: argparse.ArgumentParser) -> None:
    _milestone(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_run(parser: argparse.ArgumentParser) -> None:
    _milestone(parser)
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="run independent issues in parallel")
    parser.add_argument("--only", default="", metavar="NN[,NN]", help="run these issues only, and what they need")
    parser.add_argument("--autonomous", action="store_true", help="ask nobody: decide as the stop table says")
    parser.add_argument("--watch", action="store_true", help="wait for answers and go on by itself")
    parser.add_argument(
        "--dry-run", action="store_true", help="tell the next steps and stops to expect; change nothing"
    )
    parser.add_argument("--verbose", action="store_true", help="say of every task why it runs or does not")
    parser.add_argument("--metrics", action="store_true", help="write metrics.json")
    parser.add_argument("--max-time", type=_time, metavar="2h", help="stop when all runs' steps took this long")
    parser.add_argument("--max-cost", type=_money, metavar="USD", help="stop when all runs' agents cost this much")


def _count(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs; give 1 or more")
    return number


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
    _milestone(parser)
    parser.add_argument("gate", help="an issue's number, phase-1, plan-review, bootstrap or budget")
    parser.add_argument("verb", help="fix, approve, skip, continue, ...: `gates` lists what each gate offers")
    parser.add_argument("--reason", default="", help="why; it is recorded")


def _add_why(parser: argparse.ArgumentParser) -> None:
    _milestone(parser)
    parser.add_argument("task", nargs="?", default="", help="an issue (03) or one of its tasks (03:test)")


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", nargs="?", default="m1", metavar="ID", help="the first milestone (default: m1)")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default="run-milestone-demo", metavar="DIR", help="where (default: %(default)s)")


def _add_plan(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, add) in PLAN_COMMANDS.items():
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        sub.set_defaults(command=command)
        add(sub)


def _plan(args: argparse.Namespace) -> int:
    """Work on a plan: check, review, new."""
    raise UsageError(f"{args} names no command.", "Try `run-milestone plan check m4.1`.")


def _add_plan_new(parser: argparse.ArgumentParser) -> None:
    _milestone(parser)
    parser.add_argument("--title", default="", help="what the milestone brings")
    parser.add_argument("--target", default="", metavar="BRANCH", help="where it ends (default: what is checked out)")
    parser.add_argument("--issues", type=_how_many, metavar="N", help="how many issues to sketch (default: 2)")


def _add_graph(parser: argparse.ArgumentParser) -> None:
    _milestone(parser)
    forms = ("mermaid", "dot", "json")
    parser.add_argument("--format", choices=forms, default=forms[0], help="how to write it (default: %(default)s)")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", nargs="?", default="", metavar="ID", help="look at one plan (default: all)")
    parser.add_argument("--stops", action="store_true", help="print the stop table instead")


def _add_completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="plan, marker, gate, decision, approval, findings, summary or metrics")


def _options() -> dict[str, tuple[str, ...]]:
    """Return the words that can follow each command: its own commands and its options."""
    words = {}
    for name, (_, add) in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=name)
        parser.add_argument("-C", "--directory")
        add(parser)
        choices = [str(choice) for action in parser._actions for choice in action.choices or ()]  # noqa: SLF001
        words[name] = (*choices, *(option for action in parser._actions for option in action.option_strings))  # noqa: SLF001
    return words


PLAN_COMMANDS: dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None]]] = {
    "check": (plan_check, _milestone),
    "review": (plan_review, _milestone),
    "new": (plan_new, _add_plan_new),
}

COMMANDS: dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None]]] = {
    "run": (run, _add_run),
    "status": (status, _milestone_json),
    "gates": (gates, _milestone_json),
    "decide": (decide, _add_decide),
    "why": (why, _add_why),
    "graph": (graph, _add_graph),
    "report": (report, _milestone),
    "verify": (verify, _milestone),
    "panic": (panic, _milestone),
    "plan": (_plan, _add_plan),
    "init": (init, _add_init),
    "demo": (demo, _add_demo),
    "doctor": (doctor, _add_doctor),
    "schema": (schema, _add_schema),
    "completion": (completion, _add_completion),
}
