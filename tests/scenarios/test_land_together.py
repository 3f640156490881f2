"""Issues that are green alone and red together are asked about before the first of them is merged."""

import pytest

PYTEST = 'commands: {lint: ["true"], review: ["true"], test: ["{python}", "-m", "pytest"]}\nlimits: {coverage: 0}\n'
REVISION = 'revision = "r{0}"\ndown_revision = {1}\n\n\ndef upgrade():\n    pass\n'


def alone(number):
    """A test that holds only while no other part is there."""
    return (
        "from pathlib import Path\n\n\n"
        f"def test_{number}():\n    assert [p.name for p in Path('parts').iterdir()] == ['{number}.py']\n"
    )


def part(number, *, is_alone=False):
    files = {f"parts/{number}.py": '"""Part."""\n\nPART = 1\n'}
    return {**files, f"tests/test_{number}.py": alone(number)} if is_alone else files


def lands_when_asked(person):
    """Run, approve everything that waits, and land; returns what landing printed."""
    for _ in range(4):
        result = person.types("m1")
        if result.code == 0:
            break
        for gate in (
            line.split(":")[0].strip() for line in result.lines if line.startswith("  0") and "approve" in line
        ):
            person.types("decide", "m1", gate, "approve", "--reason", "read")
        person.types("decide", "m1", "phase-1", "continue", "--reason", "read")
    return person.types("land", "m1")


def pull_states(person):
    return [pull["state"] for pull in person.pulls()]


def test_a_red_pair_is_asked_about_before_merging(make_milestone):
    work = {"01-1": part(1, is_alone=True), "02-1": part(2), "03-1": part(3, is_alone=True)}
    person = make_milestone({**work, "03-2": {"tests/test_3.py": "def test_3():\n    pass\n"}}, plan=PYTEST)
    result = lands_when_asked(person)
    assert result.code == 3, result.out
    assert "✗ Tests of all 3 issues together fail" in result.out
    assert "#03 (feat/m1-03-issue-03 @ " in result.out
    assert "passes alone and fails together with #01 (feat/m1-01-issue-01 @ " in result.out
    assert "fix | retry | skip | abort" in result.out
    assert pull_states(person) == ["open"] * 3, "nothing landed"


def test_words_of_an_old_test_find_the_pair(make_milestone):
    """Neither of them brings the failing test."""
    work = {f"0{number}-1": part(number) for number in range(1, 7)}
    for number in (2, 5):
        work[f"0{number}-1"] |= {f"settings/rate_{number}.py": f"TAX_RATE = {number}\n"}
    person = make_milestone(work, plan=PYTEST)
    old = "def test_rates():\n    assert len(list(Path('settings').glob('*.py'))) < 2, 'one TAX_RATE'\n"
    (person.folder / "tests").mkdir(exist_ok=True)
    (person.folder / "tests/test_rates.py").write_text(f"from pathlib import Path\n\n\n{old}")
    (person.folder / "settings").mkdir()
    (person.folder / "settings/.keep").touch()
    person.git("add", "tests", "settings", where=".")
    person.git("commit", "--quiet", "--message=Allow one rate", where=".")
    result = lands_when_asked(person)
    assert "passes alone and fails together with #02" in result.out, result.out
    assert "#05 (feat/m1-05-issue-05 @ " in result.out


def test_a_fix_stands_on_the_other_issue(make_milestone):
    loose = "def test_2():\n    assert True\n"
    work = {"01-1": part(1), "02-1": part(2, is_alone=True), "02-2": {"tests/test_2.py": loose}}
    person = make_milestone(work, plan=PYTEST)
    assert "fails together with #01" in lands_when_asked(person).out
    person.touches("02.fix", milestone="m1")
    result = person.types("land", "m1")
    assert "PR #2 goes to feat/m1-01-issue-01 from now on" in result.out
    assert "✓ Fix committed" in result.out
    result = lands_when_asked(person)
    assert result.code == 0, result.out + result.err
    assert pull_states(person) == ["merged", "merged", "open"]


def test_a_skip_lands_the_others(make_milestone):
    person = make_milestone({"01-1": part(1), "02-1": part(2, is_alone=True)}, plan=PYTEST)
    lands_when_asked(person)
    person.touches("02.skip", milestone="m1")
    person.types("land", "m1")
    result = lands_when_asked(person)
    assert result.code == 0, result.out + result.err
    assert pull_states(person)[0] == "merged"
    assert pull_states(person)[1] != "merged"


def test_green_together_is_said_and_lands(make_milestone):
    person = make_milestone({"01-1": part(1), "02-1": part(2)}, plan=PYTEST)
    result = lands_when_asked(person)
    assert result.code == 0, result.out + result.err
    assert result.out.index("✓ Tests of all 2 issues together passed") < result.out.index("✓ PR #1 landed")


def test_a_chain_was_tested_already(make_milestone):
    person = make_milestone({"01-1": part(1), "02-1": part(2)}, plan=PYTEST)
    plan = person.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("title: Issue 02\n", "title: Issue 02\n        depends_on: [1]\n"))
    result = lands_when_asked(person)
    assert result.code == 0, result.out + result.err
    assert "together" not in result.out


@pytest.mark.parametrize("migration", ['"r0"', "None"])
def test_two_migration_heads_are_asked_about(make_milestone, migration):
    first = {"alembic/versions/r1.py": REVISION.format(1, migration)}
    second = {"alembic/versions/r2.py": REVISION.format(2, migration)}
    work = {"01-1": {**part(1), **first}, "02-1": {**part(2), **second}}
    person = make_milestone(work, plan=PYTEST)
    versions = person.folder / "alembic/versions"
    versions.mkdir(parents=True)
    (versions / "r0.py").write_text(REVISION.format(0, "None")) if migration != "None" else (versions / ".keep").touch()
    person.git("add", "alembic", where=".")
    person.git("commit", "--quiet", "--message=Use Alembic", where=".")
    result = lands_when_asked(person)
    assert result.code == 3, result.out
    assert '2 migration heads: "r1", "r2"' in result.out
    assert "build on the same one" in result.out
    assert pull_states(person) == ["open", "open"]


TWO_PLACES = "[alembic]\nscript_location = db\nversion_locations = shop/versions stock/versions\n"
DJANGO = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{}]
    operations = []
"""
AFTER = DJANGO.format('("shop", "0001_initial")')


@pytest.mark.parametrize(
    ("before", "first", "second", "message"),
    [
        (
            {"shop/migrations/0001_initial.py": DJANGO.format("")},
            {"shop/migrations/0002_price.py": AFTER},
            {"shop/migrations/0002_stock.py": AFTER},
            '2 migration heads: "0002_price", "0002_stock"',
        ),
        (
            {"db/migration/V1__start.sql": "CREATE TABLE a (id INTEGER);\n"},
            {"db/migration/V2__price.sql": "CREATE TABLE b (id INTEGER);\n"},
            {"db/migration/V2__stock.sql": "CREATE TABLE c (id INTEGER);\n"},
            'Revision "2" is in 2 files: db/migration/V2__price.sql, db/migration/V2__stock.sql',
        ),
        (
            {"alembic.ini": TWO_PLACES, "shop/versions/r0.py": REVISION.format(0, "None")},
            {"shop/versions/r1.py": REVISION.format(1, '"r0"')},
            {"stock/versions/r2.py": REVISION.format(2, '"r0"')},
            '2 migration heads: "r1", "r2"',
        ),
        (
            {"db/migration/V1__start.sql": "CREATE TABLE a (id INTEGER);\n"},
            {"db/migration/shop/V2__price.sql": "CREATE TABLE b (id INTEGER);\n"},
            {"db/migration/stock/V2__stock.sql": "CREATE TABLE c (id INTEGER);\n"},
            'Revision "2" is in 2 files: db/migration/shop/V2__price.sql, db/migration/stock/V2__stock.sql',
        ),
    ],
    ids=["Django", "Flyway", "two places of Alembic", "folders of Flyway"],
)
def test_migrations_that_fit_alone_are_asked_about(make_milestone, before, first, second, message):
    person = make_milestone({"01-1": {**part(1), **first}, "02-1": {**part(2), **second}}, plan=PYTEST)
    for name, text in before.items():
        (person.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (person.folder / name).write_text(text)
        person.git("add", name, where=".")
    person.git("commit", "--quiet", "--message=Use a database", where=".")
    result = lands_when_asked(person)
    assert result.code == 3, result.out
    assert message in result.out
    assert pull_states(person) == ["open", "open"]


def test_a_forked_history_of_before_is_nobodys(make_milestone):
    person = make_milestone({"01-1": part(1), "02-1": part(2)}, plan=PYTEST)
    versions = person.folder / "alembic/versions"
    versions.mkdir(parents=True)
    for name in ("first", "copy"):
        (versions / f"{name}.py").write_text(REVISION.format(0, "None"))
    person.git("add", "alembic", where=".")
    person.git("commit", "--quiet", "--message=Use Alembic", where=".")
    result = lands_when_asked(person)
    assert result.code == 0, result.out + result.err
    assert pull_states(person)[:2] == ["merged", "merged"]
