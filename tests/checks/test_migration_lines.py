"""Migrations form one line, whatever tool reads them: none follows a taken place, none takes a taken version."""

import pytest

from run_milestone.checks.migrations import check
from run_milestone.checks.migrations.alembic_history import in_order
from run_milestone.checks.migrations.revision import Revision
from run_milestone.model import Kind

APP = "shop/migrations"
DJANGO = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{dependencies}]
    replaces = [{replaces}]
    run_before = [{before}]
    operations = []
"""

TEXT = "class Next < ActiveRecord::Migration[7.1]\nuse Ecto.Migration\n"


def django(*parents, replaces=(), before=(), label="shop"):
    """Return a Django migration that depends on these of its application."""
    others = 'migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("auth", "0001_initial"), '
    return DJANGO.format(
        dependencies=others + ", ".join(f'("{label}", "{parent}")' for parent in parents),
        replaces=", ".join(f'("{label}", "{name}")' for name in replaces),
        before=", ".join(f'("{label}", "{name}")' for name in before),
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


def test_running_before_what_is_missing_changes_nothing(world):
    added = {f"{APP}/0002_a.py": django("0001_initial"), f"{APP}/0002_b.py": django("0001_initial", before=("gone",))}
    assert forks(world.change(START, added)) == ['2 migration heads: "0002_a", "0002_b"']


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
        {
            f"{APP}/0002_a.py": django("0001_initial"),
            f"{APP}/0001_b.py": django("0001_initial", before=("0002_a",)),
        },
        {
            f"{APP}/0002_a.py": django("0001_initial"),
            f"{APP}/0001_b.py": django(before=("0001_initial",)),
            f"{APP}/0001_c.py": django(before=("0001_b",)),
        },
        {"stock/migrations/__init__.py": "", "stock/migrations/0001_initial.py": django(label="stock")},
        {f"{APP}/helpers.py": "def rows():\n    return []\n"},
        {f"{APP}/0002_price.py": django("0001_initial").replace("dependencies =", "dependencies: ClassVar[list] =")},
    ],
    ids=[
        "next",
        "two",
        "merged",
        "squashed",
        "after a squash",
        "before",
        "all before",
        "another application",
        "no migration",
        "annotated",
    ],
)
def test_one_line_of_a_django_application(world, added):
    assert forks(world.change(START, added)) == []


@pytest.mark.parametrize(
    ("names", "heads"),
    [({"0004_b": "0003_a"}, []), ({"0003_c": "0002_a"}, ['2 migration heads: "0003_a", "0003_c"'])],
    ids=["next", "two"],
)
def test_a_label_that_no_file_names(world, names, heads):
    before = {
        f"{APP}/0001_initial.py": django(label="goods"),
        f"{APP}/0002_a.py": django("0001_initial", label="goods"),
        f"{APP}/0003_a.py": django("0002_a", label="goods"),
    }
    added = {f"{APP}/{name}.py": django(below, label="goods") for name, below in names.items()}
    assert forks(world.change(before, added)) == heads


@pytest.mark.parametrize(
    ("before", "added", "version"),
    [
        ("sql/migrations/V3__price.sql", "sql/migrations/V03__stock.sql", "3"),
        ("sql/migrations/V1_2__price.sql", "sql/migrations/V1.2__stock.sql", "1.2"),
        ("migrations/000003_price.up.sql", "migrations/000003_stock.up.sql", "3"),
        ("db/migrations/20240101120000_price.sql", "db/migrations/20240101120000_stock.sql", "20240101120000"),
        ("db/migrate/20240101120000_price.rb", "db/migrate/20240101120000_stock.rb", "20240101120000"),
        ("migrations/00003_price.sql", "migrations/00003_stock.go", "3"),
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
        [
            "migrations/2024-01-15-price.sql",
            "migrations/2024-02-15-stock.sql",
            "migrations/1.sql",
            "migrations/1.1.sql",
        ],
        ["migrations/00004_stock.go", "migrations/00004_stock_test.go"],
        ["migrations/sqls/20240101-a-up.sql", "migrations/sqls/20240101-a-down.sql"],
        ["migrations/004.do.stock.sql", "migrations/004.undo.stock.sql"],
        ["migrations/0004.stock.sql", "migrations/0004.stock.rollback.sql"],
        ["prisma/migrations/20240101120000_a/migration.sql", "prisma/migrations/20240101120000_b/migration.sql"],
    ],
)
def test_versions_that_are_no_conflict(world, added):
    change = world.change({"migrations/000003_price.up.sql": "SELECT 1;\n"}, dict.fromkeys(added, "SELECT 2;\n"))
    assert forks(change) == []


def test_versions_that_were_double_before_stay(world):
    before = {"migrations/003_a.sql": "SELECT 1;\n", "migrations/003_b.sql": "SELECT 1;\n"}
    assert forks(world.change(before, {"migrations/004_c.sql": "SELECT 1;\n"})) == []


@pytest.mark.parametrize("name", ["005_tear_down.sql", "005_rollback_orders.sql", "005_x.down.sql"])
def test_a_name_alone_hides_no_loss(world, name):
    change = world.change(
        {"migrations/004_a.sql": "SELECT 1;\n"}, {f"migrations/{name}": "-- migrate:up\nDROP TABLE a;\n"}
    )
    assert [finding.rule for finding in check(change)] == ["DROP TABLE"]


@pytest.mark.parametrize(
    "earlier",
    [{"V2": 100, "V10": 200}, {"V1_5": 100, "V2": 200}, {"V2": 200, "U2": 100}],
    ids=["numbers", "parts", "undone"],
)
def test_what_a_column_was_last_counts(world, earlier):
    files = {f"{name}__x": f"ALTER TABLE t ALTER COLUMN x TYPE varchar({size});" for name, size in earlier.items()}
    before = {
        f"db/migration/{name}.sql": text for name, text in {"V1__t": "CREATE TABLE t(x varchar(50));", **files}.items()
    }
    change = world.change(before, {"db/migration/V11__x.sql": "ALTER TABLE t ALTER COLUMN x TYPE varchar(150);"})
    assert [finding.rule for finding in check(change)] == ["ALTER TYPE"]


def test_long_lines_are_put_in_order_fast():
    chain = [Revision(f"{n}.py", f"r{n}", (f"r{n - 1}",)) for n in range(3000, 0, -1)]
    assert in_order(chain) == chain[::-1]
    circle = [Revision("a.py", "a", ("b",)), Revision("b.py", "b", ("a",))]
    assert in_order(circle) == circle


TWO_PLACES = """\
[alembic]
script_location = %(here)s/db
version_locations = %(here)s/shop/versions %(here)s/stock/versions
"""
REVISION = 'revision = "{}"\ndown_revision = {!r}\n\n\ndef upgrade():\n    pass\n'


def alembic(top, revisions):
    """Return the files of revisions, each with what it builds on, and the configuration of their two folders."""
    files = {f"{top}{name}.py": REVISION.format(name.rpartition("/")[2], below) for name, below in revisions.items()}
    return {**files, f"{top}alembic.ini": TWO_PLACES}


@pytest.mark.parametrize("top", ["", "backend/"])
@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({"shop/versions/b": "a", "stock/versions/c": "a"}, ['2 migration heads: "b", "c"']),
        ({"stock/versions/c": "a", "stock/versions/d": "a"}, ['2 migration heads: "c", "d"']),
        ({"shop/versions/b": "a", "stock/versions/b": "a"}, ['Revision "b" is in 2 files: {0}, {1}']),
        ({"shop/versions/b": "a", "stock/versions/c": "b"}, []),
        ({"shop/versions/b": "a", "stock/versions/s": None}, []),
    ],
    ids=["two heads", "one place", "duplicate", "next", "history of its own"],
)
def test_two_places_of_alembic_are_one_history(world, top, added, expected):
    change = world.change(alembic(top, {"shop/versions/a": None}), alembic(top, added))
    names = sorted(f"{top}{name}.py" for name in added)
    assert forks(change)[: len(expected) or None] == [one.format(*names) for one in expected]


@pytest.mark.parametrize(
    ("before", "added", "is_fork"),
    [
        (["db/migration/shop/V7__a.sql"], ["db/migration/stock/V7__b.sql"], True),
        (["db/migration/V7__a.sql"], ["db/migration/2024/V7.0__b.sql"], True),
        (["db/migrate/2024/20240101120000_a.rb"], ["db/migrate/20240101120000_b.rb"], True),
        (["priv/migrations/a/20240101120000_a.exs"], ["priv/migrations/b/20240101120000_b.exs"], True),
        ([], ["db/migration/a/V1__a.sql", "db/migration/b/V1__b.sql"], True),
        (["db/migration/mysql/V7__a.sql"], ["db/migration/postgresql/V7__a.sql"], False),
        (
            ["db/migration/eu/V1__a.sql", "db/migration/us/V1__a.sql"],
            ["db/migration/eu/V2__b.sql", "db/migration/us/V2__b.sql"],
            False,
        ),
        (["shop/db/migrate/1_a.rb"], ["stock/db/migrate/1_b.rb"], False),
        (["migrations/shop/000003_a.up.sql"], ["migrations/stock/000003_b.up.sql"], False),
    ],
)
def test_a_version_is_taken_in_folders_below(world, before, added, is_fork):
    change = world.change(dict.fromkeys(before, TEXT), dict.fromkeys(added, f"{TEXT}# 2\n"))
    assert len(forks(change)) == is_fork
