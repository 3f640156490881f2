"""Migrations form one line, whatever tool reads them: none follows a taken place, none takes a taken version."""

import pytest

from run_milestone.checks.migrations import check
from run_milestone.model import Kind

APP = "shop/migrations"
DJANGO = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{dependencies}]
    replaces = [{replaces}]
    operations = []
"""

TEXT = "class Next < ActiveRecord::Migration[7.1]\nuse Ecto.Migration\n"


def django(*parents, replaces=(), label="shop"):
    """Return a Django migration that depends on these of its application."""
    others = 'migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("auth", "0001_initial"), '
    return DJANGO.format(
        dependencies=others + ", ".join(f'("{label}", "{parent}")' for parent in parents),
        replaces=", ".join(f'("{label}", "{name}")' for name in replaces),
    )


def forks(change):
    return [finding.message for finding in check(change) if finding.kind is Kind.MIGRATION_HEADS]


START = {f"{APP}/__init__.py": "", f"{APP}/0001_initial.py": django()}


@pytest.mark.parametrize("label", ["shop", "warehouse"])
def test_two_leaves_of_a_django_application(world, label):
    configured = {"shop/apps.py": f'class ShopConfig(AppConfig):\n    name = "shop"\n    label = "{label}"\n'}
    before = {**START, **configured, f"{APP}/0002_price.py": django("0001_initial", label=label)}
    change = world.change(before, {f"{APP}/0002_stock.py": django("0001_initial", label=label)})
    assert forks(change) == ['2 migration heads: "0002_price", "0002_stock"']


@pytest.mark.parametrize(
    "added",
    [
        {f"{APP}/0002_price.py": django("0001_initial")},
        {f"{APP}/0002_a.py": django("0001_initial"), f"{APP}/0003_b.py": django("0002_a")},
        {
            f"{APP}/0002_a.py": django("0001_initial"),
            f"{APP}/0002_b.py": django("0001_initial"),
            f"{APP}/0003_merge.py": django("0002_a", "0002_b"),
        },
        {
            f"{APP}/0002_a.py": django("0001_initial"),
            f"{APP}/0001_squashed_0002_a.py": django(replaces=("0001_initial", "0002_a")),
        },
        {
            f"{APP}/0002_a.py": django("0001_initial"),
            f"{APP}/0001_squashed_0002_a.py": django(replaces=("0001_initial", "0002_a")),
            f"{APP}/0003_b.py": django("0002_a"),
        },
        {"stock/migrations/__init__.py": "", "stock/migrations/0001_initial.py": django(label="stock")},
        {f"{APP}/helpers.py": "def rows():\n    return []\n"},
    ],
    ids=["next", "two", "merged", "squashed", "after a squash", "another application", "no migration"],
)
def test_one_line_of_a_django_application(world, added):
    assert forks(world.change(START, added)) == []


@pytest.mark.parametrize(
    ("before", "added", "version"),
    [
        ("sql/migrations/V3__price.sql", "sql/migrations/V03__stock.sql", "3"),
        ("sql/migrations/V1_2__price.sql", "sql/migrations/V1.2__stock.sql", "1.2"),
        ("migrations/000003_price.up.sql", "migrations/000003_stock.up.sql", "3"),
        ("db/migrations/20240101120000_price.sql", "db/migrations/20240101120000_stock.sql", "20240101120000"),
        ("db/migrate/20240101120000_price.rb", "db/migrate/20240101120000_stock.rb", "20240101120000"),
        ("priv/repo/migrations/20240101120000_a.exs", "priv/repo/migrations/20240101120000_b.exs", "20240101120000"),
    ],
)
def test_one_version_in_two_files(world, before, added, version):
    change = world.change({before: f"{TEXT}# 1\n"}, {added: f"{TEXT}# 2\n"})
    assert forks(change) == [f'Revision "{version}" is in 2 files: {", ".join(sorted([before, added]))}']


@pytest.mark.parametrize(
    "added",
    [
        ["migrations/000004_stock.up.sql", "migrations/000004_stock.down.sql"],
        ["other/migrations/000003_price.up.sql"],
        ["migrations/README.sql.md"],
        ["migrations/R__views.sql"],
        ["prisma/migrations/20240101120000_a/migration.sql", "prisma/migrations/20240101120000_b/migration.sql"],
    ],
)
def test_versions_that_are_no_conflict(world, added):
    change = world.change({"migrations/000003_price.up.sql": "SELECT 1;\n"}, dict.fromkeys(added, "SELECT 2;\n"))
    assert forks(change) == []


def test_versions_that_were_double_before_stay(world):
    before = {"migrations/003_a.sql": "SELECT 1;\n", "migrations/003_b.sql": "SELECT 1;\n"}
    assert forks(world.change(before, {"migrations/004_c.sql": "SELECT 1;\n"})) == []
