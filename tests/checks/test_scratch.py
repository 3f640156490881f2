"""New migrations really run up and down on a scratch database, and what cannot be tried is said."""

import importlib.util
import re
from textwrap import dedent, indent

import pytest

from run_milestone.checks.migrations import scratch
from run_milestone.checks.migrations.scratch import tried
from run_milestone.model import Commands, Kind

HISTORY = {
    "alembic.ini": "[alembic]\nscript_location = db\nsqlalchemy.url = {url}\n",
    "db/env.py": "raise SystemExit('it reaches a server of its own')\n",
}


def revision(id_, parent, up="pass", down="pass"):
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {id_!r}\ndown_revision = {parent!r}\n\n"
        f"def upgrade():\n{indent(dedent(up), '    ')}\n\ndef downgrade():\n{indent(dedent(down), '    ')}\n"
    )


FIRST = revision("001", None, "op.create_table('users', sa.Column('id', sa.Integer))", "op.drop_table('users')")


@pytest.fixture(autouse=True)
def only_sqlite(monkeypatch):
    """Without pgserver, whether it is installed or not."""
    find = importlib.util.find_spec
    monkeypatch.setattr(scratch, "find_spec", lambda name: None if name == "pgserver" else find(name))


def alembic(world, up, down="pass", *, first=FIRST, url="sqlite:///app.db", **plan):
    before = {name: text.format(url=url) for name, text in HISTORY.items()}
    after = {"db/versions/002_next.py": revision("002", "001", up, down)}
    trial = tried(world.change({**before, "db/versions/001_users.py": first}, after, **plan))
    return [finding.message for finding in trial.findings], list(trial.sentences)


ADD, TAKE = "op.add_column('users', sa.Column('nick', sa.Text))", "op.drop_column('users', 'nick')"


@pytest.mark.parametrize(
    ("up", "down", "sentence"),
    [
        (ADD, TAKE, "went up, down and up again on a scratch SQLite database"),
        (ADD, "raise NotImplementedError('one way')", "cannot be undone: NotImplementedError: one way"),
        (ADD, "pass", "its downgrade does nothing"),
    ],
)
def test_what_works_is_evidence(world, up, down, sentence):
    findings, sentences = alembic(world, up, down)
    assert findings == []
    assert len(sentences) == 1
    assert sentence in sentences[0]


@pytest.mark.parametrize(
    ("up", "down", "words"),
    [
        ("op.add_column('people', sa.Column('nick', sa.Text))", TAKE, "the upgrade fails on .*no such table: people"),
        ("op.add_column('users', columns)", TAKE, "the upgrade fails on .*NameError"),
        (ADD, "op.drop_column('users', 'nickname')", "the downgrade fails on .*no such column"),
        (ADD, "op.execute('select 1')", "the upgrade after a downgrade fails on .*duplicate column name: nick"),
        ("import os; os._exit(0)", TAKE, r"it ended the program \(exit code 0\)"),
    ],
)
def test_what_fails_stops(world, up, down, words):
    (finding,), sentences = alembic(world, up, down, url="driver://")
    assert sentences == []
    assert re.search(words, finding), finding


def test_a_migration_that_hangs_stops(world):
    loop = "while True: pass"
    (finding,), _ = alembic(world, loop, commands=Commands(timeout=2))
    assert finding == "002_next.py: the upgrade fails on a scratch SQLite database: it did not end in time"


@pytest.mark.parametrize(
    ("first", "up", "why"),
    [
        (
            FIRST,
            "op.alter_column('users', 'id', type_=sa.BigInteger())",
            "on SQLite they fail as they may not elsewhere",
        ),
        (FIRST, "op.execute('CREATE EXTENSION citext')", "on SQLite they fail as they may not elsewhere"),
        (
            FIRST.replace("op.create", "op.execute('CREATE EXTENSION a'); op.create"),
            ADD,
            "what they stand on did not run",
        ),
        (FIRST.replace("import sqlalchemy", "import nowhere, sqlalchemy"), ADD, "could not be started on SQLite"),
        (FIRST.replace("revision = '001'", "revision = str(1)"), ADD, "could not be started on SQLite"),
    ],
)
def test_what_cannot_be_tried_stops_nothing(world, first, up, why):
    findings, (sentence,) = alembic(world, up, first=first, url="postgresql://db.example/shop")
    assert findings == []
    assert sentence.startswith("002_next.py not tried on a scratch database: ")
    assert why in sentence


def test_postgresql_is_used_where_it_is_installed(world, monkeypatch):
    pytest.importorskip("pgserver")
    monkeypatch.undo()
    up = "op.alter_column('users', 'id', type_=sa.BigInteger(), existing_type=sa.Integer())"
    down = "op.alter_column('users', 'id', type_=sa.Integer(), existing_type=sa.BigInteger())"
    findings, sentences = alembic(world, up, down, url="postgresql://db.example/shop")
    assert findings == []
    assert sentences == ["002_next.py went up, down and up again on a scratch PostgreSQL database"]


def test_without_a_closed_box_nothing_is_tried(world):
    world.open_to = "nothing here holds them to it"
    assert alembic(world, ADD, TAKE)[1] == [
        "002_next.py not tried on a scratch database: nothing here holds them to it"
    ]


NEWER = """
import re
nonce = re.search("-- ([0-9a-f]{32}) ", PROGRAM)[1]
for report in REPORTS:
    print(f"-- {nonce} {report}")
raise SystemExit(1)
"""
UP_AND_DOWN = ['["before"]', '["up"]', '["down"]']


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        (['["failed", "DatabaseError", "no such table: x"]'], "the downgrade fails on a scratch SQLite database"),
        (["[", "3", "[]", '["failed"]'], "its report cannot be read"),
    ],
    ids=["a newer Python", "a forged report"],
)
def test_an_interpreter_that_tells_odd_things(world, monkeypatch, reports, says):
    run = world.on_scratch

    def other(program, folder, timeout):
        return run(f"PROGRAM = {program!r}\nREPORTS = {[*UP_AND_DOWN, *reports]!r}\n{NEWER}", folder, timeout)

    monkeypatch.setattr(world, "on_scratch", other)
    findings, sentences = alembic(world, "type Nick = str", "op.drop_table('x')")
    assert says in (findings or sentences)[0]


# ---- Django and plain SQL -----------------------------------------------------------------------------------------

SHOP = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_settings')\n",
    "site_settings.py": (
        "INSTALLED_APPS = ['shop']\nSECRET_KEY = 'x'\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'db.example'}}\n"
    ),
    "shop/__init__.py": "",
    "shop/models.py": "",
    "shop/migrations/__init__.py": "",
}
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{below}]
    operations = [{does}]
"""
ORDER = "migrations.CreateModel('Order', [('id', models.AutoField(primary_key=True))])"
NICK = "migrations.AddField('order', 'nick', models.CharField(max_length=9, default=''))"


def django(world, does, settings=None):
    files = {**SHOP, **(settings or {}), "shop/migrations/0001_first.py": MIGRATION.format(below="", does=ORDER)}
    new = MIGRATION.format(below="('shop', '0001_first')", does=does)
    trial = tried(world.change(files, {"shop/migrations/0002_next.py": new}))
    return [finding.message for finding in trial.findings], list(trial.sentences)


@pytest.mark.parametrize(
    ("does", "settings", "words"),
    [
        (NICK, {}, "^0002_next.py went up, down and up again on a scratch SQLite database"),
        ("migrations.RunPython(lambda apps, schema: None)", {}, "cannot be undone: IrreversibleError"),
        ("migrations.RunSQL('DELETE FROM basket', '')", {}, "the upgrade fails on .*no such table: basket"),
        (NICK, {"manage.py": "import django\n"}, "not tried .*nothing names its settings"),
        (NICK, {"site_settings.py": "import os\nos.environ['NOT_SET']\n"}, "not tried .*could not be started.*NOT_SET"),
    ],
)
def test_a_django_migration_is_tried(world, does, settings, words):
    pytest.importorskip("django")
    findings, sentences = django(world, does, settings)
    assert re.search(words, "".join([*findings, *sentences])), (findings, sentences)
    assert bool(findings) is ("fails" in words)


TABLE = "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT);\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"2.up.sql": "ALTER TABLE users ADD nick;", "2.down.sql": "ALTER TABLE users DROP nick;"},
            "went up, down and up",
        ),
        ({"2-up.sql": "ALTER TABLE users ADD nick;", "2-down.sql": "DROP TABLE x;"}, "the downgrade fails on"),
        ({"2.up.sql": "ALTER TABLE users ADD nick;"}, r"went up \(it has no way down\)"),
        ({"2.up.sql": "ALTER TABLE people ADD nick;"}, "the upgrade fails on .*no such table: people"),
        ({"2.up.sql": "ALTER TABLE users ADD nick;", "2.down.sql": "DROP TABLE x;"}, "the downgrade fails on"),
    ],
)
def test_plain_sql_for_sqlite_is_tried(world, files, words):
    before = {"db/migrations/1.up.sql": TABLE}
    new = {f"db/migrations/{name}": text for name, text in files.items()}
    trial = tried(world.change(before, new, database="sqlite:///app.db"))
    assert re.search(words, "".join([*(one.message for one in trial.findings), *trial.sentences]))
    assert {one.kind for one in trial.findings} == ({Kind.MIGRATION_FAILED} if "fails" in words else set())


def test_plain_sql_for_another_database_is_not_tried(world):
    trial = tried(world.change({"db/migrations/1.up.sql": TABLE}, {"db/migrations/2.up.sql": "SELECT now();"}))
    assert trial.sentences == ("2.up.sql not tried on a scratch database: plain SQL for postgres, not for SQLite",)
