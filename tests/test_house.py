"""The house stands as designed: imports only look down, and each outside program has one door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "tasks" / "run_milestone"
FLOORS = (
    ("errors", "model", "digest", "files", "globs", "redaction", "seal", "project", "schemas", "__init__"),
    ("plan", "policy", "graph", "stack", "budget", "identity"),
    ("state", "hands"),
    ("gates", "checks", "show"),
    ("steps", "settling", "renumbering"),
    ("comments",),
    ("making", "ledger", "sharing", "shift"),
    ("due", "reconciling", "questions"),
    ("carrying", "session", "books", "lanes"),
    ("engine",),
    (
        *("answers", "drive", "deciding", "explaining", "starting", "foretelling", "watching", "running", "waves"),
        *("landing", "stopping", "verifying", "doctor", "answering"),
    ),
    ("ci", "exchange"),
    ("cli",),
    ("door", "__main__"),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
DOORS = {
    "doit": {"engine.py"},
    "subprocess": {"hands/process/children.py", "hands/process/wards.py"},
    "git": {"hands/git/objects.py", "hands/git/repository.py"},
    "sh": {"hands/forge/github/gh.py"},
    "sqlglot": {"checks/sql.py"},
    "alembic": {"checks/render_revision.py"},
}
WRITERS = {"state", "files.py", "hands", "plan", "ci"}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    """Rooms that a module names in relative imports, those for type checking only included."""
    package = path.relative_to(ROOT).parts[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            full = (*above, *(node.module.split(".") if node.module else ()))
            found |= {full[0]} if full else {alias.name for alias in node.names}
    return found


def outside_imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_every_room_has_a_floor():
    assert {room_of(path) for path in MODULES} == set(FLOOR)


def test_every_room_is_shown_to_contributors():
    shown = (ROOT.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {f"{room}/" if (ROOT / room).is_dir() else f"{room}.py" for room in FLOOR}
    assert {room for room in rooms if f"`{room}`" not in shown} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_look_down(path):
    here = FLOOR[room_of(path)]
    above = {room for room in rooms_imported(path) if room in FLOOR and FLOOR[room] > here}
    assert not above, f"{name_of(path)} looks up to {sorted(above)}"


@pytest.mark.parametrize("package", DOORS)
def test_one_door_per_outside_program(package):
    users = {name_of(path) for path in MODULES if package in outside_imported(path)}
    assert users <= DOORS[package]


def test_rooms_that_decide_reach_nothing_outside():
    model = (name_of(path) for path in MODULES if room_of(path) == "model")
    for name in (*model, "policy.py", "graph.py", "stack.py", "identity.py", "budget.py", "gates.py"):
        reached = outside_imported(ROOT / name) & {"os", "io", "pathlib", "subprocess", "socket", "shutil", "time"}
        assert not reached, f"{name} reaches {reached}"


def test_only_state_and_hands_write_files():
    writers = {
        path.relative_to(ROOT).parts[0]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "files"
        and {alias.name for alias in node.names} & {"write_text", "write_json"}
    }
    assert writers <= WRITERS


def test_the_door_imports_nothing_heavy():
    assert outside_imported(ROOT / "door.py") | outside_imported(ROOT / "seal.py") <= {"__future__", "os", "sys"}


def test_commands_reach_for_the_rooms_below_only_when_they_run():
    program = "import sys; import run_milestone.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("run_milestone.")}
    assert rooms == {"cli", "errors", "plan"}, "`--help` and completion need no more"
    assert "dataclasses" not in loaded, "not even the way in which rooms make their values"
