"""The guides of languages show the plan that `init` writes for such a repository."""

import os
import tempfile
from pathlib import Path

import pytest
import yaml
from support.pages import blocks

from run_milestone.commands import plan_words
from run_milestone.commands.look_around import look_around

PROJECT = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shop"\n'
NODE = '{"devDependencies": {"vitest": "1", "eslint": "9"}}'
DJANGO = {"manage.py": "from django.core import management\n", "pyproject.toml": PROJECT, "uv.lock": ""}
CRATE = {"Cargo.toml": '[package]\nname = "shop"\n', "Cargo.lock": 'source = "registry"\n'}


@pytest.mark.parametrize(
    ("guide", "block", "files"),
    [
        ("python", 0, {"pyproject.toml": PROJECT, "uv.lock": ""}),
        ("javascript", 0, {"package.json": NODE, "package-lock.json": "{}"}),
        ("rust-and-go", 0, CRATE),
        ("rust-and-go", 1, {"go.mod": "module shop\n", "go.sum": ""}),
        ("django-alembic", 0, DJANGO),
    ],
)
def test_a_guide_shows_what_init_writes(tmp_path, guide, block, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    look = look_around(tmp_path)
    shown = [one for one in blocks(f"docs/guides/stack/{guide}.md") if one.language == "yaml"][block]
    assert yaml.safe_load(shown.text) == yaml.safe_load(plan_words.tree(look) + plan_words.commands(look))


@pytest.fixture
def tmp_path():
    """A folder with a short path: that of a socket in it has at most 107 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


QUERY = """\
import os, subprocess


def test_the_database_answers():
    url = os.environ["DATABASE_URL"]
    assert subprocess.run(["psql", "-At", url, "-c", "select 6 * 7"], capture_output=True, text=True).stdout == "42\\n"
"""


@pytest.mark.parametrize(
    ("block", "kind"), [(1, "bubblewrap"), (2, "bubblewrap"), (2, "landlock")], ids=["port", "socket", "landlock"]
)
def test_the_guides_database_serves_the_tests(make_milestone, monkeypatch, block, kind):
    server = pytest.importorskip("pgserver")
    if kind == "landlock" and os.geteuid() == 0:
        pytest.skip("PostgreSQL does not start as root, which Landlock leaves as it is")
    programs = Path(server.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    shown = [one for one in blocks("docs/guides/stack/django-alembic.md") if one.language == "yaml"][block]
    ada = make_milestone({"01-1": {"b.py": "b = 1\n"}}, plan=f"{shown.text}\nsandbox: {{kind: {kind}}}\n")
    (ada.folder / "test_database.py").write_text(QUERY)
    (ada.folder / ".gitignore").write_text(".pg\n")
    ada.git("add", "test_database.py", ".gitignore", where=".")
    ada.git("commit", "--quiet", "--message=Ask the database", where=".")
    result = ada.types("m1")
    assert "✓ PR #1 created" in result.out, result.out
