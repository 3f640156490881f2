"""The guides of languages show the plan that `init` writes for such a repository."""

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
