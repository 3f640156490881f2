"""The tables of the reference are those of the program, and the README is short."""

import re
import tomllib

import pytest
from support.pages import CHECKOUT, read

from run_milestone.commands import COMMANDS, main
from run_milestone.core.errors import ExitCode
from run_milestone.model import Verb
from run_milestone.render.phrases import PURPOSE

COMMAND_PAGE = "docs/reference/commands.md"


def tables(page, first):
    """The rows of the tables whose first heading is `first`, as tuples of cells without backquotes."""
    for rest in read(page).split(f"\n| {first} | ")[1:]:
        rows = rest.partition("\n\n")[0].splitlines()[2:]
        yield from (tuple(cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", row)[1:-1]) for row in rows)


SHOWN = [row[0] for row in tables(COMMAND_PAGE, "command") if row[0].startswith("run-milestone")]
EVERYDAY = [row[0] for row in tables("README.md", "command")]


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= 150


def test_every_command_is_listed():
    shown = {command.split()[1] for command in SHOWN}
    assert shown - {"m4.1"} == set(COMMANDS) - {"run"}


def usage(capsys, *words):
    """What `--help` of a command prints."""
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [*SHOWN, *EVERYDAY])
def test_the_flags_shown_are_taken(capsys, command):
    parts = re.sub(r"^run-milestone (m[\d.]+)?", "", command).split()
    names = [word for word in parts if word.isalpha()]
    words = names[: 2 if re.match("run-milestone (plan|state|ci) ", command) else 1] or ["run"]
    shown = usage(capsys, *words)
    assert all(flag in shown for flag in re.findall(r"--[a-z-]+", command))


def test_every_flag_of_a_run_is_listed(capsys):
    listed = {flag for row in tables(COMMAND_PAGE, "flag") for flag in re.findall(r"--[a-z-]+", row[0])}
    taken = set(re.findall(r"--[a-z-]+", usage(capsys, "run")))
    assert taken - {"--help", "--directory"} == listed


def test_the_exit_codes_are_those_of_the_program():
    rows = tables("docs/reference/exit-codes.md", "code")
    assert [(int(code), name) for code, name, _ in rows] == [(code, code.name.lower()) for code in ExitCode]


def test_every_verb_is_explained():
    assert {row[0] for row in tables("docs/explanation/approvals.md", "verb")} == set(Verb) == set(PURPOSE)


def test_every_extra_is_listed():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {name.strip() for row in tables("docs/guides/install.md", "extra") for name in row[0].split(",")}
    assert listed == set(project["optional-dependencies"])


def test_every_record_of_a_run_is_listed(founding_example):
    ada, _ = founding_example
    left = {path.name for path in (ada.folder / "state/m4.1").iterdir()}
    assert {name for name in left if name not in read("docs/reference/state.md")} == set()
