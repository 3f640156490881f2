"""Write what was seen in a repository as the settings of a plan, and say in comments where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.presets import coding_agents
from ..plan.edit import flow
from .look_around import has_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.presets import CodingAgent
    from .look_around import Look, Part

MOST_OTHERS = 5
"""Other projects of the repository that are named."""


def seen(look: Look) -> str:
    """Return comment lines that say what was recognised, and by which file."""
    lines = [f"# Seen: {_part(part)}." for part in look.parts[:MOST_OTHERS]]
    more = len(look.parts) - MOST_OTHERS
    several = "The" if all(part.at_top for part in look.parts) else "A monorepo: the"
    lines += [
        f"# … and {more} more." if more > 0 else "",
        f"# {several} commands below are for the first." if len(look.parts) > 1 else "",
    ]
    return "".join(f"{line}\n" for line in lines if line)


def _part(part: Part) -> str:
    where = "" if part.at_top else f" in {part.folder}/"
    manager = f"{part.manager.name} (by {part.manager_sign})" if part.manager else "nothing to install"
    tools = [manager, *(tool.name for tool in (part.runner, part.linter) if tool)]
    migrations = [f"migrations (by {part.migrations})"] if part.migrations else []
    return f"{part.language.name}{where}: {', '.join((*tools, *migrations))}"


def agents(look: Look) -> str:
    """Return how a plan names a coding agent, and which are installed here."""
    names = ", ".join(map(_named, look.agents or coding_agents()))
    return f"{names}{'; ' + '; '.join(map(_login, look.agents)) if look.agents else ' (not installed here)'}"


def _named(agent: CodingAgent) -> str:
    """Return what a plan says of an agent. Where its key is at hand, the key stays outside of the sandbox."""
    has_key = has_login(agent) == agent.model["key"]
    return flow({"use": agent.name, **({"model": agent.model} if has_key else {})})


def _login(agent: CodingAgent) -> str:
    by = has_login(agent)
    return f"{agent.name} is installed, {f'logged in by {by}' if by else f'not logged in: set {agent.keys[0]}'}"


def tree(look: Look) -> str:
    """Return how a tree is set up; nothing where there is nothing to install."""
    part = look.parts[0] if look.parts else None
    if part is None or part.manager is None:
        return ""
    settings = {"setup": part.setup, "cache": [part.path(name) for name in part.manager.cache], "env": part.env}
    python = {"python": part.path(".venv/bin/python")} if ".venv" in part.manager.cache and not part.at_top else {}
    lines = [f"  {key}: {flow(value)}" for key, value in {**settings, **python}.items() if value]
    return "".join(f"{line}\n" for line in ("tree:                          # how a tree is made ready", *lines))


def commands(look: Look) -> str:
    """Return the commands; those of Python at the top are the defaults."""
    part = look.parts[0] if look.parts else None
    if part is None or part.runner is None:
        return _OTHERS
    lint = part.linter.lint if part.linter and part.at_top else () if part.language.name == "Python" else ("true",)
    settings = {
        "lint": lint,
        "test": part.here(part.runner.test),
        "report": part.path(part.runner.report) if part.runner.report else "",
    }
    review = {} if part.language.name == "Python" else {"review": "none"}
    lines = [f"  {key}: {flow(value)}" for key, value in {**settings, **review}.items() if value]
    return "".join(f"{line}\n" for line in ("commands:", *lines, *_others(look)))


def _others(look: Look) -> Iterator[str]:
    """Yield the commands of the other projects as comments: by path, so that one only has to let them count."""
    for part in look.parts[1:MOST_OTHERS]:
        if part.setup:
            yield f"  # {part.path(part.language.name)}: setup {flow(part.setup)}"
        if part.runner:
            test = flow(part.here(part.runner.test))
            yield (
                f"  # {part.language.name}: test {test}" if part.at_top else f'  # "{part.folder}/**": {{test: {test}}}'
            )


_OTHERS = """\
commands:                        # nothing here says how it is tested, so these are Python's
  lint: ["{python}", "-m", "ruff", "check", "--fix", "--exit-zero", "."]
  test: ["{python}", "-m", "pytest"]   # any argument list; write `{junit}` where it takes a file for a JUnit report
"""
