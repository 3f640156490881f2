"""Migrations: really rendered by Alembic, classified, and the rows at risk really counted in SQLite."""

import sqlite3
from contextlib import closing
from textwrap import dedent, indent

import pytest

from run_milestone.checks.migrations import check
from run_milestone.checks.row_count import NotCountedError, count, shown
from run_milestone.checks.sql import Effect, effects
from run_milestone.model import Kind, Severity

FOLDER = "alembic/versions"
FIRST = f"{FOLDER}/001_users.py"


def revision(id_, parent, upgrade="pass", downgrade="pass"):
    return (
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {id_!r}\ndown_revision = {parent!r}\n\n"
        f"def upgrade() -> None:\n{indent(dedent(upgrade), '    ')}\n\n"
        f"def downgrade() -> None:\n{indent(dedent(downgrade), '    ')}\n"
    )


START = {FIRST: revision("001", None, 'op.create_table("users", sa.Column("id", sa.Integer))')}


def reported(world, upgrade, **milestone):
    """Return (kind, rule, message, detail) of a new revision 002 with this upgrade()."""
    change = world.change(START, {f"{FOLDER}/002_next.py": revision("002", "001", upgrade)}, **milestone)
    return [(finding.kind, finding.rule, finding.message, finding.detail) for finding in check(change)]


@pytest.fixture
def database(world):
    """A database of 50,000 users, 10,000 of whom have no status."""
    with closing(sqlite3.connect(world.root / "users.db")) as connection, connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, old_user_status TEXT, nick TEXT)")
        rows = ((number, None if number % 5 == 0 else "x", "n") for number in range(50_000))
        connection.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
    (world.root / ".gitignore").write_text("*.db\n")
    return "sqlite:///users.db"


def test_new_tables_columns_and_indexes_are_additive(world):
    upgrade = """
        op.create_table("user_profiles", sa.Column("id", sa.Integer, primary_key=True), sa.Column("bio", sa.Text))
        op.create_index("ix_bio", "user_profiles", ["bio"])
        op.create_check_constraint("bio_short", "user_profiles", "length(bio) < 100")
        op.add_column("users", sa.Column("bio", sa.Text))
        op.add_column("users", sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()))
        op.create_index("ix_active", "users", ["active"])
        op.alter_column("users", "nick", nullable=True)
    """
    assert reported(world, upgrade) == [
        (Kind.MIGRATION_ADDITIVE, "CREATE TABLE", 'CREATE TABLE "user_profiles"', None),
        (Kind.MIGRATION_ADDITIVE, "ADD COLUMN", 'ADD COLUMN "bio"', None),
        (Kind.MIGRATION_ADDITIVE, "ADD COLUMN", 'ADD COLUMN "active"', None),
        (Kind.MIGRATION_ADDITIVE, "CREATE INDEX", 'CREATE INDEX "ix_active"', None),
        (Kind.MIGRATION_ADDITIVE, "DROP NOT NULL", 'DROP NOT NULL "nick"', None),
    ]


def test_the_example_drops_50k_rows(world, database):
    upgrade = """
        op.execute("UPDATE users SET nick = old_user_status")
        with op.batch_alter_table("users") as batch:
            batch.drop_column("nick")
    """
    change = world.change(
        START, {f"{FOLDER}/009_migrate_legacy.py": revision("009", "001", upgrade)}, database=database
    )
    (finding,) = check(change)
    assert (finding.kind, finding.severity) == (Kind.MIGRATION_BREAKING, Severity.CRITICAL)
    assert (finding.rule, finding.message) == ("DROP COLUMN", 'DROP COLUMN "nick"')
    assert finding.path == "alembic/versions/009_migrate_legacy.py"
    assert finding.detail == "Risk: Data loss (column has 50k rows)"


def test_only_rows_with_a_value_count(world, database):
    before = (world.root / "users.db").read_bytes()
    assert count(database, world.root, "users") == 50_000
    assert count(database, world.root, "users", "old_user_status") == 40_000
    assert (world.root / "users.db").read_bytes() == before
    assert sorted(path.name for path in world.root.glob("users.db*")) == ["users.db"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "the plan names no database"),
        ("postgresql://db/users", "only SQLite databases are read"),
        ("sqlite:///nowhere.db", "nowhere.db is not there"),
        ("sqlite:///users.db", "no such column: users.gone"),
    ],
)
def test_why_rows_were_not_counted_is_said(world, database, url, reason):
    with pytest.raises(NotCountedError, match=reason):
        count(url, world.root, "users", "gone")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1, "1"), (999, "999"), (1_000, "1k"), (1_234, "1,234"), (50_000, "50k"), (2_000_000, "2M")],
)
def test_counts_read_as_people_say_them(number, text):
    assert shown(number) == text


def test_what_takes_something_away_is_breaking(world):
    steps = {
        'op.drop_index("ix_nick", "users")': "DROP INDEX",
        'op.drop_constraint("one_nick", "users")': "DROP CONSTRAINT",
        'op.create_unique_constraint("one_nick", "users", ["nick"])': "ADD CONSTRAINT",
        'op.alter_column("users", "nick", new_column_name="name")': "RENAME COLUMN",
        'op.alter_column("users", "name", type_=sa.Integer)': "ALTER TYPE",
        'op.alter_column("users", "name", nullable=False)': "SET NOT NULL",
        'op.add_column("users", sa.Column("age", sa.Integer, nullable=False))': "ADD COLUMN NOT NULL",
        'op.execute("TRUNCATE users")': "TRUNCATE",
        'op.rename_table("users", "people")': "RENAME TABLE",
        'op.drop_column("people", "age")': "DROP COLUMN",
        'op.drop_table("people")': "DROP TABLE",
    }
    findings = reported(world, "\n".join(steps))
    assert {finding[0] for finding in findings} == {Kind.MIGRATION_BREAKING}
    assert [finding[1] for finding in findings] == list(steps.values())
    assert findings[-1][3] == "Risk: Data loss (rows not counted: the plan names no database)"


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("DELETE FROM users", "DELETE WITHOUT WHERE"),
        ("DELETE FROM users WHERE true", "DELETE WITHOUT WHERE"),
        ("WITH d AS (DELETE FROM users RETURNING *) INSERT INTO x SELECT * FROM d", "DELETE WITHOUT WHERE"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("DO $$ BEGIN DROP TABLE users; END $$", "SQL not understood"),
        ("UPDATE users SET email = NULL", "UPDATE WITHOUT WHERE"),
        ("UPDATE users SET email = NULL WHERE 1 = 1", "UPDATE WITHOUT WHERE"),
        ("REVOKE SELECT ON users FROM app", "REVOKE"),
        ("/*!50000 DROP TABLE users */", "SQL not understood"),
        ("ALTER TABLE users SET SCHEMA other", "SQL not understood"),
        ("ALTER TABLE users ADD COLUMN a INT, DROP COLUMN b", "DROP COLUMN"),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", "SQL not understood"),
        ("frobnicate the users", "SQL not understood"),
        ("CREATE TABLE IF NOT EXISTS users (id int); DROP TABLE users", "DROP TABLE"),
        ("CREATE TABLE t (a int); DROP TABLE t; DROP TABLE t", "DROP TABLE"),
        ("CREATE TABLE here.t (a int); DROP TABLE t", "DROP TABLE"),
    ],
)
def test_lossy_or_unreadable_sql_is_breaking(sql, rule):
    assert [effect.rule for effect in effects(sql) if effect.breaking] == [rule]


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN; SET lock_timeout = 1; COMMIT; -- nothing",
        "COMMENT ON COLUMN users.a IS 'x'",
    ],
)
def test_sql_that_leaves_the_schema_alone_is_nothing(sql):
    assert effects(sql) == ()


@pytest.mark.parametrize(
    "odd",
    [
        "WITH a AS (SELECT 1) DELETE FRO t",
        "ALTER TABLE t ADD COLUMN z in NOT NULL",
        "ALTER TABLE t DROP COLUMN IF EXISTS",
        "INSERT INTO VALUES (1)",
    ],
)
def test_one_odd_statement_hides_no_other(odd):
    assert [one.rule for one in effects(f"{odd}; DROP TABLE users;")] == ["SQL not understood", "DROP TABLE"]


def test_sqlite_needs_no_type_of_a_column():
    (added,) = effects("ALTER TABLE t ADD COLUMN note NOT NULL", "sqlite")
    assert (added.rule, added.breaking) == ("ADD COLUMN NOT NULL", True)


def test_harmless_revisions_are_not_breaking(world):
    upgrade = """
        print("DROP TABLE users;")
        op.create_table("staging", sa.Column("id", sa.Integer))
        op.execute("INSERT INTO staging SELECT id FROM users")
        op.execute("UPDATE users SET nick = 'x' WHERE nick IS NULL")
        op.execute("DELETE FROM staging")
        op.drop_table("staging")
    """
    assert [finding[1] for finding in reported(world, upgrade)] == ["CREATE TABLE", "UPDATE"]


def test_deleting_some_rows_asks_for_a_database_review():
    assert effects("DELETE FROM users WHERE nick = ''") == (Effect(False, "DELETE", "users"),)


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ("op.get_bind().execute(sa.text('SELECT 1')).scalar()", "AttributeError"),
        ("import not_installed_here", "ModuleNotFoundError: No module named 'not_installed_here'"),
        ("""op.execute("DROP TABLE users"); raise SystemExit(0)""", "it said nothing"),
    ],
)
def test_a_revision_that_does_not_render_is_breaking(world, upgrade, reason):
    ((kind, rule, message, _),) = reported(world, upgrade)
    assert (kind, rule) == (Kind.MIGRATION_BREAKING, "UNREADABLE")
    assert reason in message


@pytest.mark.parametrize(
    "upgrade",
    [
        'if op.get_context().dialect.name == "sqlite":\n    op.drop_table("users")',
        'if not op.get_context().as_sql:\n    op.execute("DROP TABLE users")',
        'op.drop_table("users")\nimport os; os._exit(0)',
    ],
)
def test_what_hides_from_the_rendering_is_breaking(world, upgrade):
    assert Kind.MIGRATION_BREAKING in [finding[0] for finding in reported(world, upgrade)]


def test_a_revision_may_import_its_own_project(world):
    change = world.change(
        {**START, "src/app/types.py": "import sqlalchemy as sa\nName = sa.Text\n", "src/app/__init__.py": ""},
        {
            f"{FOLDER}/002.py": revision(
                "002", "001", 'from app.types import Name\nop.add_column("users", sa.Column("n", Name))'
            )
        },
    )
    assert [finding.rule for finding in check(change)] == ["ADD COLUMN"]


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ({FIRST: None}, f"Existing revision deleted: {FIRST}"),
        ({FIRST: revision("001", None)}, f"Existing revision changed: {FIRST}"),
        ({FIRST: None, f"{FOLDER}/001_people.py": START[FIRST]}, f"Existing revision renamed: {FIRST}"),
    ],
)
def test_history_is_not_rewritten(world, after, message):
    findings = tuple(check(world.change({**START, "x.txt": ""}, after)))
    assert [(finding.kind, finding.message) for finding in findings] == [(Kind.MIGRATION_BREAKING, message)]


def test_two_heads_are_told_without_running_anything(world):
    before = {**START, f"{FOLDER}/002_a.py": revision("002", "001")}
    change = world.change(before, {f"{FOLDER}/003_b.py": revision("003", "001")})
    (finding,) = check(change)
    assert (finding.kind, finding.message) == (Kind.MIGRATION_HEADS, '2 migration heads: "002", "003"')
    assert finding.path == f"{FOLDER}/003_b.py"


def test_a_merge_revision_joins_them_again(world):
    before = {**START, f"{FOLDER}/002_a.py": revision("002", "001"), f"{FOLDER}/003_b.py": revision("003", "001")}
    assert tuple(check(world.change(before, {f"{FOLDER}/004.py": revision("004", ("002", "003"))}))) == ()


def test_one_id_in_two_files_is_told(world):
    before = {**START, f"{FOLDER}/002_a.py": revision("002", "001")}
    findings = tuple(check(world.change(before, {f"{FOLDER}/002_b.py": revision("002", "001")})))
    assert [finding.rule for finding in findings] == ["duplicate", "heads"]


def test_other_changes_need_no_alembic(world):
    change = world.change(START, {"src/a.py": "x = 1\n", f"{FOLDER}/README": "hello\n"})
    assert tuple(check(change)) == ()


@pytest.mark.parametrize(
    "upgrade",
    [
        'op.create_index(op.f("ix"), "users", ["id"], postgresql_where=sa.text("id IS NULL"))',
        'with op.batch_alter_table("users") as batch:\n    batch.create_index(batch.f("ix"), ["id"])',
        't = sa.table("users", sa.column("id", sa.Integer))\nop.execute(t.update().where(t.c.id == 1).values(id=2))',
    ],
)
def test_what_alembic_writes_is_a_straight_line(world, upgrade):
    assert [finding[0] for finding in reported(world, upgrade)] == [Kind.MIGRATION_ADDITIVE]


@pytest.mark.parametrize(
    "upgrade",
    [
        'for name in ("a", "b"):\n    op.add_column("users", sa.Column(name, sa.Text))',
        'import time\nop.execute("SELECT 1" if time.time() < 0 else "SELECT 2")',
        'getattr(op, "create_table")("x")',
        'op.execute(eval("str(1)"))',
    ],
)
def test_what_may_differ_on_a_database_is_unreadable(world, upgrade):
    assert (Kind.MIGRATION_BREAKING, "UNREADABLE") in [finding[:2] for finding in reported(world, upgrade)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "migrations/1_x.js",
            'exports.up = k => { k.schema.createTable("a"); return k.raw("DR" + "OP TABLE users") }\n',
        ),
        (
            "database/migrations/1_x.php",
            '<?php Schema::create("a", fn($t) => 1); DB::statement("DR"."OP TABLE users");\n',
        ),
        ("priv/repo/migrations/1_x.exs", 'use Ecto.Migration\ncreate table(:a)\nexecute("DR" <> "OP TABLE users")\n'),
        (
            "db/migrate/1_x.rb",
            "class X < ActiveRecord::Migration\n  add_column :a, :b, :string\n  send(:drop, :u)\nend\n",
        ),
    ],
)
def test_sql_that_is_put_together_is_unreadable(world, path, text):
    rules = [finding.rule for finding in check(world.change({}, {path: text}))]
    assert "UNREADABLE" in rules
