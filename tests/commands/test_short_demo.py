"""The short demo shows in seconds, offline and without extras, that an approval holds for what was shown."""

import pytest


@pytest.fixture
def without_extras(tmp_path, monkeypatch):
    """Make every extra of the package missing."""
    for name in ("jinja2", "pytest", "coverage", "sqlglot", "alembic", "ruff"):
        (tmp_path / "missing" / name).mkdir(parents=True)
        (tmp_path / "missing" / name / "__init__.py").write_text("raise ImportError('it is not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "missing"))


@pytest.mark.usefixtures("without_extras")
def test_a_changed_line_is_refused_and_named(person):
    result = person.types("demo", "--short", "--dir", "demo")
    assert result.code == 0, result.err
    first, second = result.out.split("$ git switch")
    assert "+percent = 10" in first
    assert "01.approve was not taken: the change of 01 has moved since it was shown" in second
    assert "+percent = 90" in second
    assert "run-milestone decide m1 01 approve" in second.splitlines()[-1]


def test_its_next_command_goes_on(person):
    assert person.types("demo", "--short", "--dir", ".").code == 0
    assert person.types("decide", "m1", "01", "approve").code == 0
    assert "✓ PR #1 created" in person.types("m1").lines
    assert person.git("show", "feat/m1-01-discount:settings.cfg", where=".").endswith("percent = 90")
    assert person.git("branch", "--show-current", where=".") == "main"


def test_it_touches_no_folder_in_use(person):
    (person.folder / "mine").write_text("")
    result = person.types("demo", "--short", "--dir", ".")
    assert (result.code, "is not empty" in result.err) == (2, True)
    assert [path.name for path in person.folder.iterdir()] == ["mine"]
