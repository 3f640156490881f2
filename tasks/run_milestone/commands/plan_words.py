"""Write what was seen in a repository as the settings of a plan, and say in comments where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.presets import coding_agents
from ..plan.edit import flow
from .look_around import has_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.presets import CodingAgent
    from .look_around import Look
    from .monorepo import Part

_PYTHON = ".venv/bin/python"
MOST_OTHERS = 5
"""Other projects of the repository that are named."""


def seen(look: Look) -> str:
    """Return comment lines that say what was recognised, and by which file."""
    most = len(look.parts) if _is_monorepo(look) else MOST_OTHERS
    lines = [f"# Seen: {_part(part)}." for part in look.parts[:most]]
    more = len(look.parts) - most
    lines += [
        f"# … and {more} more." if more > 0 else "",
        "# The commands below are for the first." if len(look.parts) > 1 and not _is_monorepo(look) else "",
    ]
    return "".join(f"{line}\n" for line in lines if line)


def _is_monorepo(look: Look) -> bool:
    return any(not part.at_top for part in look.parts)


def _part(part: Part) -> str:
    where = "" if part.at_top else f" in {part.folder}/"
    installed = f"{part.manager.name} (by {part.manager_sign})" if part.manager else "nothing to install"
    manager = "installed by the workspace" if part.manager and not part.setup else installed
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
    installed = [part for part in look.parts if part.setup and part.manager]
    if not _is_monorepo(look):
        installed = [part for part in installed if part is look.parts[0]]
    if not installed:
        return ""
    steps = [step for part in installed for step in part.setup]
    home = _python_home(look)
    settings = {
        "env": {name: value for part in installed for name, value in part.env.items()},
        "python": home.path(_PYTHON) if home and not home.at_top else "",
    }
    setup = (
        [f"  setup: {flow(steps)}"] if len(installed) < 2 else ["  setup:", *(f"    - {flow(one)}" for one in steps)]
    )
    lines = [*setup, *(f"  {key}: {flow(value)}" for key, value in settings.items() if value)]
    return "".join(f"{line}\n" for line in ("tree:                          # how a tree is made ready", *lines))


def _python_home(look: Look) -> Part | None:
    """Return the part whose environment `{python}` means: the first that gets one."""
    return next((part for part in look.parts if part.setup and part.manager and ".venv" in part.manager.cache), None)


def commands(look: Look) -> str:
    """Return the commands; those of Python at the top are the defaults."""
    if _is_monorepo(look):
        return _by_path(look)
    part = look.parts[0] if look.parts else None
    if part is None or part.runner is None:
        return _OTHERS
    is_python = part.language.name == "Python"
    settings = {
        "lint": part.linter.lint if part.linter else () if is_python else ("true",),
        "test": part.runner.test,
        "report": part.runner.report,
        "review": "" if is_python else "none",
    }
    lines = [f"  {key}: {flow(value)}" for key, value in settings.items() if value]
    return "".join(f"{line}\n" for line in ("commands:", *lines, *_others(look)))


def _others(look: Look) -> Iterator[str]:
    """Yield the commands of the other tools at the top as comments, so that one only has to let them count."""
    for part in look.parts[1:MOST_OTHERS]:
        if part.setup:
            yield f"  # {part.language.name}: setup {flow(part.setup)}"
        if part.runner:
            yield f"  # {part.language.name}: test {flow(part.runner.test)}"


def _by_path(look: Look) -> str:
    """Return the commands of a repository with several projects: an issue runs those that its change needs."""
    tested = [part for part in look.parts if part.runner]
    if not tested:
        return _OTHERS
    top = next((part for part in tested if part.at_top), None)
    below = list({part.folder: part for part in reversed(tested) if not part.at_top}.values())[::-1]
    is_python = any(part.language.name == "Python" for part in look.parts)
    general = {
        "test": top.runner.test if top and top.runner else (),
        "report": top.runner.report if top and top.runner else "",
        **({} if is_python else {"lint": _lint_of_all(look), "review": "none"}),
    }
    lines = [f"  {key}: {flow(value)}" for key, value in general.items() if value]
    folders = {part.folder for part in below}
    lines += [f'  "{part.folder}/**": {flow(_of(part, look, folders))}' for part in below]
    head = "commands:                      # by path: an issue runs those of what it changed, and of what needs that"
    return "".join(f"{line}\n" for line in (head if below else "commands:", *lines))


def _lint_of_all(look: Look) -> tuple[str, ...]:
    """Return how files of every part are linted: by the linter that the top of a workspace installs for all."""
    tops = [part for part in look.parts if part.at_top and part.manager]
    return next((part.linter.lint for part in tops if part.linter and part.linter.lint[0] == "npx"), ("true",))


def _of(part: Part, look: Look, folders: set[str]) -> dict[str, object]:
    """Return the commands of a part as a plan has them. Linters that find their settings from the top are taken."""
    home, runner = _python_home(look), part.runner
    test = part.here(runner.test) if runner else ()
    if part.setup and part.manager and ".venv" in part.manager.cache and home is not part:
        test = tuple(_PYTHON if word == "{python}" else word for word in test)
    lint = part.linter.lint if part.linter and part.linter.lint[0] not in {"npx", "{python}"} else ()
    commands = {
        "test": test,
        "report": part.path(runner.report) if runner and runner.report else "",
        "lint": lint,
        "depends_on": [f"{folder}/**" for folder in part.needs if folder in folders],
    }
    return {key: value for key, value in commands.items() if value}


_OTHERS = """\
commands:                        # nothing here says how it is tested, so these are Python's
  lint: ["{python}", "-m", "ruff", "check", "--fix", "--exit-zero", "."]
  test: ["{python}", "-m", "pytest"]   # any argument list; write `{junit}` where it takes a file for a JUnit report
"""
