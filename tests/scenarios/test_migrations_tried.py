"""What became of new migrations on a scratch database stands wherever a person reads of the change."""

import re

import pytest

PLAN = 'commands: {lint: ["true"], review: ["sh", "-c", "echo []"], test: ["true"]}\nlimits: {coverage: 0}\n'
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "r{0}"
down_revision = {1}


def upgrade():
    {2}


def downgrade():
    {3}
"""
TABLE = 'op.create_table("a", sa.Column("id", sa.Integer), sa.Column("nick", sa.Text))'
FIRST = REVISION.format(0, None, TABLE, 'op.drop_table("a")')
DROP = 'op.drop_column("a", "nick")'
BACK = 'op.add_column("a", sa.Column("nick", sa.Text))'


@pytest.mark.parametrize(
    ("name", "down", "outcome"),
    [
        ("r1.py", BACK, "went up, down and up again"),
        ("next.py", "raise NotImplementedError", "cannot be undone"),
        ("r1.py", "pass", "its downgrade does nothing"),
    ],
)
def test_a_trial_is_shown_at_every_place(make_milestone, name, down, outcome):
    work = {f"alembic/versions/{name}": REVISION.format(1, '"r0"', DROP, down)}
    person = make_milestone({"01-1": work}, plan=PLAN)
    (person.folder / "alembic/versions").mkdir(parents=True)
    (person.folder / "alembic/versions/r0.py").write_text(FIRST)
    person.git("add", "alembic", where=".")
    person.git("commit", "--quiet", "--message=Use Alembic", where=".")
    asked = person.types("m1")
    sentence = re.search(rf"^· (Migrations: {name} .*)$", asked.out, re.MULTILINE)[1]
    assert outcome in sentence or "not tried on a scratch database: " in sentence
    assert sentence in asked.out.partition("🛑")[2], "the question shows it"
    assert f"  {sentence}\n" in person.types("gates", "m1").out
    person.types("report", "m1")
    assert f"<p>{sentence}.</p>" in (person.folder / "state/m1/report.html").read_text()
    person.types("decide", "m1", "01", "approve", "--reason", "read")
    person.types("m1")
    assert f"- {sentence}" in person.pulls()[0]["body"]
