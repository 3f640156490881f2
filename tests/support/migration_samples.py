"""Migrations of every tool that is read, each with the tier it deserves."""

from textwrap import dedent, indent

from support.tiers import LABEL, NOTHING, STOP, Sample

USERS = "CREATE TABLE users (id INT, name VARCHAR(50), age SMALLINT, price NUMERIC(8,2));\n"


def sql(tool, path, what, text, expected, first=None, **more):
    """A migration in SQL after one that makes the table of users."""
    before = {first: USERS} if first else {}
    return Sample(tool, what, before | more, {path: text}, expected)


def plain(what, text, expected):
    return sql("SQL", "db/migrations/0002_next.sql", what, text, expected, "db/migrations/0001_users.sql")


def revision(id_, parent, upgrade="pass"):
    return (
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {id_!r}\ndown_revision = {parent!r}\n\n"
        f"def upgrade():\n{indent(dedent(upgrade), '    ')}\n\ndef downgrade():\n    op.drop_table('users')\n"
    )


TABLE = 'op.create_table("users", sa.Column("id", sa.Integer), sa.Column("name", sa.String(50)))'


def alembic(what, upgrade, expected, folder="alembic/versions", **configuration):
    before = {f"{folder}/r1.py": revision("r1", None, TABLE)} | configuration
    return Sample("Alembic", what, before, {f"{folder}/r2.py": revision("r2", "r1", upgrade)}, expected)


def django(what, operations, expected):
    head = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
    begin, go_on = f"{head}    operations = [{{}}]\n", f'{head}    dependencies = [("shop", "0001_initial")]\n'
    first = (
        "migrations.CreateModel(name='User', fields=[('id', models.AutoField(primary_key=True)),"
        " ('name', models.CharField(max_length=50)), ('age', models.IntegerField(null=True))])"
    )
    return Sample(
        "Django",
        what,
        {"shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": begin.format(first)},
        {"shop/migrations/0002_next.py": f"{go_on}    operations = [{operations}]\n"},
        expected,
    )


def django_text(what, text, head="from django.db import migrations, models"):
    """A migration that adds a harmless field, and does something else on the way."""
    add = "migrations.AddField('user', 'bio', models.TextField(null=True))"
    text = text.replace("ADD", add).replace("DROP", "migrations.DeleteModel('User')")
    path = "shop/migrations/0002_next.py"
    return Sample("Django", what, {"shop/migrations/__init__.py": ""}, {path: f"{head}\n\n\n{text}\n"}, STOP)


MIGRATION = "class Migration(migrations.Migration):\n    "


def rails(what, change, expected):
    text = f"class Next < ActiveRecord::Migration[7.1]\n  def change\n    {change}\n  end\nend\n"
    return Sample(
        "Rails", what, {"db/schema.rb": "# 1\n"}, {"db/migrate/2_next.rb": text, "db/schema.rb": "# 2\n"}, expected
    )


def code(tool, path, what, text, expected):
    return Sample(tool, what, {}, {path: text}, expected)


KNEX = "exports.up = knex => knex.schema.{};\nexports.down = knex => knex.schema.dropTable('users');\n"
INI = "[alembic]\nscript_location = {}\n"

SAMPLES = (
    alembic("a table", 'op.create_table("orders", sa.Column("id", sa.Integer))', LABEL),
    alembic("a table dropped", 'op.drop_table("users")', STOP),
    alembic("a column that may be empty", 'op.add_column("users", sa.Column("bio", sa.Text))', LABEL),
    alembic(
        "a column that may not be empty", 'op.add_column("users", sa.Column("bio", sa.Text, nullable=False))', STOP
    ),
    alembic("a column dropped", 'op.drop_column("users", "name")', STOP),
    alembic("a longer text", 'op.alter_column("users", "name", type_=sa.String(200))', LABEL),
    alembic(
        "a shorter text that claims to be longer",
        'op.alter_column("users", "name", existing_type=sa.String(10), type_=sa.String(20))',
        STOP,
    ),
    alembic("all rows updated", 'op.execute("UPDATE users SET name = NULL")', STOP),
    alembic("some rows updated", "op.execute(\"UPDATE users SET name = 'x' WHERE name IS NULL\")", LABEL),
    alembic("a branch by dialect", 'if op.get_context().dialect.name == "sqlite":\n    op.drop_table("users")', STOP),
    alembic("a helper from the environment", 'import os\nop.execute(os.environ.get("SQL", "SELECT 1"))', STOP),
    alembic("a text that never is executed", 'text = "DROP TABLE users"\nop.execute("SELECT 1")', STOP),
    alembic(
        "a folder that alembic.ini names",
        'op.drop_table("users")',
        STOP,
        "migrations/versions",
        **{"alembic.ini": INI.format("migrations")},
    ),
    alembic(
        "a folder beside alembic.ini",
        'op.drop_table("users")',
        STOP,
        "backend/db/versions",
        **{"backend/alembic.ini": INI.format("%(here)s/db")},
    ),
    alembic(
        "Flask-Migrate's folder",
        'op.drop_table("users")',
        STOP,
        "migrations/versions",
        **{"migrations/alembic.ini": "[alembic]\n"},
    ),
    alembic("a folder that nothing names", 'op.drop_table("users")', STOP, "src/shop/revisions"),
    Sample(
        "Alembic",
        "a second head",
        {"alembic/versions/r1.py": revision("r1", None), "alembic/versions/r2.py": revision("r2", "r1")},
        {"alembic/versions/r3.py": revision("r3", "r1")},
        STOP,
    ),
    Sample(
        "Alembic",
        "an old revision edited",
        {"alembic/versions/r1.py": revision("r1", None)},
        {"alembic/versions/r1.py": revision("r1", None, TABLE)},
        STOP,
    ),
    plain("a table", "CREATE TABLE orders (id INT);", LABEL),
    plain("a table dropped", "DROP TABLE users;", STOP),
    plain("a longer text", "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(200);", LABEL),
    plain("a shorter text", "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(20);", STOP),
    plain("a larger integer", "ALTER TABLE users ALTER COLUMN age TYPE BIGINT;", LABEL),
    plain("more digits", "ALTER TABLE users ALTER COLUMN price TYPE NUMERIC(12,4);", LABEL),
    plain("fewer digits before the point", "ALTER TABLE users ALTER COLUMN price TYPE NUMERIC(8,4);", STOP),
    plain("text to number", "ALTER TABLE users ALTER COLUMN name TYPE INTEGER USING name::int;", STOP),
    plain("all rows updated", "UPDATE users SET name = 'x';", STOP),
    plain(
        "a new column filled", "ALTER TABLE users ADD COLUMN full_name TEXT; UPDATE users SET full_name = name;", LABEL
    ),
    plain("all rows deleted", "DELETE FROM users;", STOP),
    plain("some rows deleted", "DELETE FROM users WHERE age < 0;", LABEL),
    plain("rows inserted", "INSERT INTO users (id) VALUES (1);", LABEL),
    plain("an extension", "CREATE EXTENSION IF NOT EXISTS pgcrypto;", LABEL),
    plain("rights given", "GRANT SELECT ON users TO reporting;", LABEL),
    plain("rights taken", "REVOKE SELECT ON users FROM reporting;", STOP),
    plain("a value of an enumeration", "ALTER TYPE mood ADD VALUE 'meh';", LABEL),
    plain("code that is not understood", "DO $$ BEGIN DROP TABLE users; END $$;", STOP),
    plain("a comment that MySQL runs", "/*!50000 DROP TABLE users */;", STOP),
    sql(
        "Flyway",
        "src/main/resources/db/migration/V2__drop.sql",
        "a column dropped",
        "ALTER TABLE users DROP COLUMN name;",
        STOP,
    ),
    sql("Flyway", "sql/V3__index.sql", "an index", "CREATE INDEX ix ON users (name);", LABEL),
    sql(
        "dbmate",
        "db/migrations/2_a.sql",
        "a table with its way back",
        "-- migrate:up\nCREATE TABLE a (id INT);\n-- migrate:down\nDROP TABLE a;\n",
        LABEL,
        **{"db/migrations/1_b.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"},
    ),
    sql(
        "dbmate",
        "db/migrations/2_a.sql",
        "a mark that the tool does not know",
        "-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABLE users;\n",
        STOP,
        "db/migrations/1_users.sql",
    ),
    sql("golang-migrate", "migrations/2_x.up.sql", "a table dropped", "DROP TABLE users;", STOP),
    sql("golang-migrate", "migrations/2_x.down.sql", "the way back alone", "DROP TABLE users;", NOTHING),
    sql(
        "goose",
        "db/2_x.sql",
        "a column dropped",
        "-- +goose Up\nALTER TABLE users DROP COLUMN name;\n-- +goose Down\nSELECT 1;\n",
        STOP,
    ),
    sql(
        "sqitch",
        "deploy/users.sql",
        "a table dropped",
        "-- Deploy shop:users to pg\nBEGIN;\nDROP TABLE users;\nCOMMIT;\n",
        STOP,
    ),
    sql(
        "Prisma",
        "prisma/migrations/2_x/migration.sql",
        "a column that may not be empty",
        'ALTER TABLE "users" ADD COLUMN "x" TEXT NOT NULL;',
        STOP,
    ),
    Sample(
        "Prisma",
        "a schema without a migration",
        {"prisma/schema.prisma": "model A {}\n"},
        {"prisma/schema.prisma": "model B {}\n"},
        LABEL,
    ),
    sql("diesel", "migrations/2_x/up.sql", "a table", "CREATE TABLE x (id INT);", LABEL),
    sql(
        "MySQL",
        "db/migrations/2_x.sql",
        "a longer text",
        "ALTER TABLE `users` MODIFY COLUMN `name` VARCHAR(99);",
        LABEL,
        "db/migrations/1_x.sql",
    ),
    sql(
        "MySQL",
        "db/migrations/2_x.sql",
        "a column renamed",
        "ALTER TABLE `users` CHANGE COLUMN `name` `nick` VARCHAR(99);",
        STOP,
    ),
    django("a model", "migrations.CreateModel(name='Order', fields=[])", LABEL),
    django("a model deleted", "migrations.DeleteModel(name='User')", STOP),
    django("a field that may be empty", "migrations.AddField('user', 'bio', models.TextField(null=True))", LABEL),
    django("a field without a default", "migrations.AddField('user', 'bio', models.TextField())", STOP),
    django("a field removed", "migrations.RemoveField(model_name='user', name='name')", STOP),
    django("a longer text", "migrations.AlterField('user', 'name', models.CharField(max_length=99))", LABEL),
    django("a shorter text", "migrations.AlterField('user', 'name', models.CharField(max_length=9))", STOP),
    django(
        "another label of a field",
        "migrations.AlterField('user', 'name', models.CharField(max_length=50, verbose_name='x'))",
        LABEL,
    ),
    django("a field that may no longer be empty", "migrations.AlterField('user', 'age', models.IntegerField())", STOP),
    django("code over the data", "migrations.RunPython(forwards)", STOP),
    django("SQL that updates all rows", "migrations.RunSQL('UPDATE shop_user SET name = NULL')", STOP),
    django("SQL in a list that holds none", "migrations.RunSQL([()])", STOP),
    django("options of a model", "migrations.AlterModelOptions(name='user', options={})", NOTHING),
    django_text("operations that a function makes", f"{MIGRATION}operations = make()"),
    django_text("operations added to the list", f"{MIGRATION}operations = [ADD]\n    operations += [DROP]"),
    django_text("operations appended to the list", f"{MIGRATION}operations = [ADD]\n    operations.append(DROP)"),
    django_text("operations by a condition", f"{MIGRATION}if X:\n        operations = [ADD]"),
    django_text("operations added below", f"{MIGRATION}operations = [ADD]\n\n\nMigration.operations += [DROP]"),
    django_text("operations set below", f"{MIGRATION}operations = [ADD]\n\n\nMigration.operations = [DROP]"),
    django_text("another way to apply it", f"{MIGRATION}operations = [ADD]\n\n    def apply(self, *a):\n        pass"),
    django_text("another base", "class Migration(Loud):\n    operations = [ADD]", "from shop.base import Loud, models"),
    django_text("a decorator", f"@loud\n{MIGRATION}operations = [ADD]"),
    django_text(
        "another package's operations", f"{MIGRATION}operations = [ADD]", "from shop import migrations, models"
    ),
    django_text(
        "an operation that looks like Django's",
        f"class AddField(migrations.AddField):\n    pass\n\n\n{MIGRATION}operations = [AddField('user', 'bio')]",
    ),
    django_text("SQL while it is read", f"connection.cursor().execute(TEXT)\n\n\n{MIGRATION}operations = [ADD]"),
    django_text(
        "database operations of a name",
        f"{MIGRATION}operations = [migrations.SeparateDatabaseAndState(database_operations=more)]",
    ),
    sql("drizzle", "drizzle/0002_next.sql", "a column dropped", "ALTER TABLE users DROP COLUMN name;", STOP),
    sql("drizzle", "drizzle/0002_next.sql", "a column", "ALTER TABLE users ADD COLUMN bio TEXT;", LABEL),
    sql("Play", "conf/evolutions/default/2.sql", "a table dropped", "# --- !Ups\nDROP TABLE users;", STOP),
    sql(
        "Play",
        "conf/evolutions/default/1.sql",
        "a table, and what drops it again",
        "# --- !Ups\nCREATE TABLE a (id INT);\n# --- !Downs\nDROP TABLE a;\n",
        LABEL,
    ),
    sql("SQL", "db/tidy.sql", "outside of the migrations", "-- by hand\nDROP TABLE users;", LABEL),
    sql("SQL", "queries/users.sql", "a query outside of the migrations", "DELETE FROM users WHERE id = 1;", NOTHING),
    code(
        "knex",
        "migrations/3_x.js",
        "a file of SQL beside an addition",
        KNEX.format("table('users', t => { t.string('bio'); }).raw(fs.readFileSync('db/tidy.sql', 'utf8'))"),
        STOP,
    ),
    rails("a column", "add_column :users, :bio, :text", LABEL),
    rails("a column removed", "remove_column :users, :name", STOP),
    rails("a table dropped by SQL", 'execute "DROP TABLE users"', STOP),
    rails("a column renamed", "rename_column :users, :name, :nick", STOP),
    rails("Ruby that is not understood", "Shop.tidy_up!", STOP),
    Sample("Rails", "a schema without a migration", {"db/schema.rb": "# 1\n"}, {"db/schema.rb": "# 2\n"}, LABEL),
    code("knex", "migrations/2_x.js", "a column", KNEX.format("table('users', t => { t.string('bio'); })"), LABEL),
    code(
        "knex",
        "migrations/2_x.js",
        "a column dropped",
        KNEX.format("table('users', t => { t.dropColumn('bio'); })"),
        STOP,
    ),
    code(
        "TypeORM",
        "src/migrations/2-x.ts",
        "SQL in code",
        "export class X { async up(queryRunner) { await queryRunner.query(`ALTER TABLE users DROP COLUMN name`); } }\n",
        STOP,
    ),
    code(
        "Laravel",
        "database/migrations/2_x.php",
        "a column dropped",
        "class X extends Migration { public function up() { Schema::table('u', fn($t) => $t->dropColumn('x')); } }\n",
        STOP,
    ),
    code(
        "Ecto",
        "priv/repo/migrations/2_x.exs",
        "a table",
        "defmodule X do\n  use Ecto.Migration\n  def change do\n    create table(:a)\n  end\nend\n",
        LABEL,
    ),
    code(
        "EF Core",
        "Migrations/2_X.cs",
        "a column dropped",
        'protected override void Up(MigrationBuilder m) { m.DropColumn("x", "users"); }\n',
        STOP,
    ),
    code(
        "Liquibase",
        "db/changelog/2.xml",
        "a table dropped",
        "<databaseChangeLog><changeSet><dropTable tableName='users'/></changeSet></databaseChangeLog>\n",
        STOP,
    ),
    code("others", "migrations/tool.lua.py", "a file that no tool is known for", "x = 1\n", LABEL),
)
