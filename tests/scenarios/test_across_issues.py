"""What does not fit together across the issues of a phase stands in its list, before anybody goes on."""

import pytest

PLAN = """\
commands: {lint: ["true"], review: ["sh", "-c", "echo []"], test: ["true"]}
limits: {coverage: 0}
licences: {allow: [BSD-3-Clause, MIT]}
"""
REVISION = 'revision = "r{0}"\ndown_revision = "r0"\n\n\ndef upgrade():\n    pass\n'


def work(number, version, place):
    name = f"part{number}/requirements.txt"
    return {
        "notes.txt": f"{number}\n",
        name: f"httpx=={version}\n",
        f"{place}/versions/r{number}.py": REVISION.format(number),
    }


@pytest.mark.parametrize(("first", "second"), [("alembic", "alembic"), ("shop", "stock")])
def test_the_barrier_lists_what_does_not_fit(make_milestone, first, second):
    brought = {"01-1": work(1, "0.25.0", first), "02-1": work(2, "0.27.0", second), "03-1": {"c.js": "c = 3\n"}}
    person = make_milestone(brought, plan=PLAN)
    places = f"[alembic]\nscript_location = db\nversion_locations = {first}/versions {second}/versions\n"
    files = {
        "alembic.ini": places,
        f"{first}/versions/r0.py": REVISION.format(0).replace('"r0"\n\n', "None\n\n"),
        "part1/requirements.txt": "",
    }
    for name, text in {**files, "part2/requirements.txt": ""}.items():
        path = person.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    person.git("add", "alembic.ini", first, "part1", "part2", where=".")
    person.git("commit", "--quiet", "--message=Use Alembic", where=".")
    person.types("m1")
    for number in ("01", "02"):
        person.touches(f"{number}.approve", milestone="m1")
    result = person.types("m1")
    assert "✓ Phase 1 complete — 3 PRs ready" in result.out, result.out
    listed = result.out.partition("✓ Phase 1 complete")[2]
    assert "⚠️ #01 and #02 conflict in notes.txt: the second to land stops at it" in listed
    assert '⚠️ 2 migration heads: "r1", "r2" once #01 and #02 are together' in listed
    assert "⚠️ httpx: #01 asks for 0.25.0, #02 for 0.27.0" in listed
    assert "#03 asks" not in listed
    assert "continue | skip-phase | abort" in result.out, "and it is no stop of its own"
