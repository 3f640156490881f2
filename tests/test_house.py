"""The house stands as designed: imports go one way, each outside program has one door, words are the field's."""

import ast
import importlib
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.house import Module, cycle, floors, module_graph, read_modules, room_graph
from support.pages import pages, read

CHECKOUT = Path(__file__).parents[1]
ROOT = CHECKOUT / "tasks" / "run_milestone"
MODULES = read_modules(ROOT)
TESTS = read_modules(CHECKOUT / "tests")
ENTRIES = {"__init__", "engine"}
"""Modules that others import the package by: its version, and what a project's `dodo.py` names."""
ROOMS = 16
FLOORS = 9
PURE = {"model", "policy"}
"""Rooms that decide."""
DOORS = {
    "doit": {"runner/doit_adapter.py"},
    "subprocess": {
        *("adapters/process/child.py", "adapters/process/supervised.py", "adapters/process/terminal.py"),
        "adapters/process/service_runner.py",
    },
    "git": {"adapters/git/objects.py", "adapters/git/repository.py"},
    "sh": {"adapters/forge/github/gh.py"},
    "sqlglot": {"checks/sql.py"},
    "alembic": {"checks/render_alembic.py", "checks/apply_migrations.py"},
    "jinja2": {"render/html/__init__.py"},
}
WRITERS = {"store", "sync", "core", "plan", "commands", "adapters/git", "adapters/forge", "adapters/agents"}
"""Rooms that write files; below state/ only the store does."""
MIRRORED = {
    *(
        "approvals",
        "approvers",
        "budget",
        "change",
        "decide",
        "decisions",
        "errors",
        "evidence",
        "forge",
        "gate",
        "reviews",
        "gate_comments",
        "doctor",
        "forecast",
    ),
    *(
        "gates",
        "graph",
        "merge",
        "milestone",
        "milestone_pr",
        "plan",
        "project",
        "push",
        "records",
        "run",
        "shared_state",
        "timeline",
    ),
    *("base", "comments", "issues", "labels", "pulls", "validate"),  # what every forge has
}
"""Names that several rooms give to their side of one concept."""
UNPLAIN = re.compile(
    r"\b(?:lest|upon|afresh|bur(y|ies|ied)|mend(s|ed|ing)?|strangers?|la(y|ys|id|ying) out|whoever|nobody that)\b",
    re.IGNORECASE,
)
UNPLAIN_NAMES = {"found", "told", "said", "own", "there"}
ON_DISK = {"model/evidence.py": {"there"}}
"""Fields that markers hold under this name, so that it stays."""
PLAIN_TESTS = [module for module in TESTS if module.room != "test_house"]
"""All but this one, which names the words that it looks for."""
LONGEST_NAME = 8
"""Words of a test's name, without `test`."""


def file_of(module):
    return module.file


# ---- rooms and floors ---------------------------------------------------------------------------------------------


def rooms(modules):
    """The rooms that hold code; `adapters` itself holds only rooms."""
    used = {module.room for module in modules if len(module.tree.body) > 1}
    return {room: below for room, below in room_graph(modules).items() if room in used - set(ENTRIES)}


def test_rooms_import_one_another_one_way():
    assert not cycle(room_graph(MODULES))


def test_modules_import_one_another_one_way():
    assert not cycle(module_graph(MODULES))


def test_the_house_is_small():
    height = max(floors(room_graph(MODULES)).values())
    print(f"figure: house: {len(rooms(MODULES))} rooms on {height} floors")
    assert len(rooms(MODULES)) <= ROOMS
    assert height <= FLOORS


@pytest.mark.parametrize(
    ("file", "line", "graph"),
    [
        ("core/errors.py", "from ..commands import base", room_graph),
        ("policy/stops.py", "from ..runner.session import Session", room_graph),
        ("policy/stops.py", "from . import gating", module_graph),
    ],
)
def test_a_planted_circle_is_seen(file, line, graph):
    planted = Module(ROOT, ROOT / file, f"\n{line}\n")
    assert cycle(graph([planted if module.file == file else module for module in MODULES]))


def test_a_module_name_means_one_thing():
    names = Counter(module.name.rpartition(".")[2] for module in MODULES if not module.is_package)
    assert {name for name, times in names.items() if times > 1} <= MIRRORED


def test_every_room_is_shown_to_contributors():
    shown = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {room for room in rooms(MODULES) if f"`{room}/`" not in shown and f"`{room}.py`" not in shown} == set()


# ---- doors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", DOORS)
def test_one_door_per_outside_program(package):
    users = {module.file for module in MODULES if package in module.imports_outside()}
    assert users <= DOORS[package]


@pytest.mark.parametrize("module", [one for one in MODULES if one.room in PURE], ids=file_of)
def test_rooms_that_decide_reach_nothing_outside(module):
    assert not module.imports_outside() & {"os", "io", "pathlib", "subprocess", "socket", "shutil", "time"}


def test_only_some_rooms_write_files():
    writers = {
        module.room
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").endswith("fs")
        and {alias.name for alias in node.names} & {"write_text", "write_json"}
    }
    assert writers <= WRITERS


def test_the_entry_imports_nothing_heavy():
    entry = [module for module in MODULES if module.file in {"__main__.py", "core/__init__.py", "core/fastpath.py"}]
    assert set().union(*(module.imports_outside() for module in entry)) <= {"__future__", "os", "sys"}


def test_commands_import_rooms_when_they_run():
    program = "import sys; import run_milestone.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    rooms_loaded = {name.split(".")[1] for name in loaded if name.startswith("run_milestone.")}
    assert rooms_loaded <= {"commands", "core", "plan", "policy"}, "`--help` and completion need no more"
    assert "dataclasses" not in loaded, "not even the way in which rooms make their values"


CHILD_IMPORT = re.compile(r"from (run_milestone[\w.]*) import (\w+)")
"""An import in the code of a module, or in a program that a test hands to a child."""


@pytest.mark.parametrize("module", [module for module in TESTS if CHILD_IMPORT.search(module.text)], ids=file_of)
def test_tests_import_what_exists(module):
    for name, attribute in CHILD_IMPORT.findall(module.text):
        package = importlib.import_module(name)
        assert hasattr(package, attribute) or importlib.import_module(f"{name}.{attribute}")


# ---- lines --------------------------------------------------------------------------------------------------------


def test_functions_and_modules_are_short():
    lengths = [node.end_lineno - node.lineno + 1 for module in MODULES for node in module.functions()]
    lines = sum(module.text.count("\n") for module in MODULES)
    print(
        f"figure: lines: {lines} in {len(MODULES)} modules, {len(lengths)} functions: "
        f"median {statistics.median(lengths):g}, longest {max(lengths)}"
    )
    assert statistics.median(lengths) <= 7
    assert max(lengths) <= 40
    assert [module.file for module in MODULES if module.text.count("\n") > 300] == []


# ---- words --------------------------------------------------------------------------------------------------------


PLAIN = [*MODULES, *PLAIN_TESTS]


def broken_by(modules, rule):
    """What breaks a rule, by file; a file that breaks nothing is left out."""
    return {module.file: broken for module in modules if (broken := rule(module))}


def long_names(module):
    names = [node.name for node in module.functions() if node.name.startswith("test_")]
    return [name for name in names if name.count("_") > LONGEST_NAME]


def unplain_words(module):
    return [match.group() for match in UNPLAIN.finditer(module.text)]


def unplain_values(module):
    stored = {node.id for node in module.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    taken = {node.arg for node in module.nodes if isinstance(node, ast.arg)}
    return (stored | taken) & (UNPLAIN_NAMES - ON_DISK.get(module.file, set()))


def test_names_of_tests_are_short():
    assert broken_by(PLAIN_TESTS, long_names) == {}


def test_words_are_plain():
    assert broken_by(PLAIN, unplain_words) == {}


def test_values_have_telling_names():
    assert broken_by(PLAIN, unplain_values) == {}


def test_pages_are_in_plain_words():
    written = [page for page in pages() if page != "docs/contributing/proofs.md"]
    words = {page: [match.group() for match in UNPLAIN.finditer(read(page))] for page in written}
    assert {page: some for page, some in words.items() if some} == {}
