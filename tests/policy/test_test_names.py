"""Names of tests, as people write them and as reports of common runners hold them."""

import pytest

from run_milestone.model import Case, Outcome
from run_milestone.policy.test_names import compare, why_unproven


def ran(group, title, outcome=Outcome.PASSED, **where):
    return Case(group, title, outcome, **where)


REPORTS = {
    "pytest": ran("tests.test_a.TestB", "test_c"),
    "values": ran("tests.test_a", "test_v[std::vector]"),
    "brackets": ran("tests.test_a", "test_v[x[1]]"),
    "slashes": ran("tests.test_a", "test_v[a/b.py]"),
    "api": ran("tests.test_add", "test_add"),
    "jest": ran("math double of zero", "math double of zero", file="src/math.test.js"),
    "vitest": ran("src/b.test.ts", "sums > adds 1.5"),
    "node": ran("test", "triple"),
    "go": ran("example.com/calc/pkg", "TestAdd/two_and_two"),
    "cargo": ran("", "adds_up"),
    "nextest": ran("calc", "tests::it_works", suite="calc"),
    "maven": ran("com.acme.ShopTest", "totals(int)[1]"),
    "rspec": ran("spec.models.user_spec", "User is valid", file="./spec/models/user_spec.rb"),
}
WRITTEN = [
    ("pytest", "tests/test_a.py::TestB::test_c"),
    ("pytest", "tests.test_a.TestB::test_c"),
    ("pytest", "TestB::test_c"),
    ("pytest", "test_c"),
    ("pytest", "web/tests/test_a.py::TestB::test_c"),
    ("values", "tests/test_a.py::test_v[std::vector]"),
    ("brackets", "tests/test_a.py::test_v[x[1]]"),
    ("slashes", "test_v[a/b.py]"),
    ("api", "services/api/tests/test_add.py::test_add"),
    ("jest", "math double of zero"),
    ("jest", "src/math.test.js > math > double of zero"),
    ("jest", "double of zero"),
    ("vitest", "web/src/b.test.ts > sums > adds 1.5"),
    ("vitest", "adds 1.5"),
    ("node", "test.js > triple"),
    ("go", "TestAdd/two_and_two"),
    ("go", "./pkg TestAdd/two_and_two"),
    ("go", "pkg.TestAdd/two_and_two"),
    ("go", "pkg/add_test.go::TestAdd/two_and_two"),
    ("go", "add_test.go::TestAdd/two_and_two"),
    ("cargo", "tests/totals.rs::adds_up"),
    ("nextest", "tests::it_works"),
    ("nextest", "calc::tests::it_works"),
    ("maven", "ShopTest#totals"),
    ("maven", "com.acme.ShopTest.totals"),
    ("rspec", "User is valid"),
    ("rspec", "spec/models/user_spec.rb: User is valid"),
]


@pytest.mark.parametrize(("runner", "written"), WRITTEN)
def test_a_name_means_the_test_that_ran(runner, written):
    others = [case for key, case in REPORTS.items() if key != runner]
    assert why_unproven(written, [*others, REPORTS[runner]]) is None
    unlike = [case for case in others if case.title.partition("[")[0] != REPORTS[runner].title.partition("[")[0]]
    assert why_unproven(written, unlike).startswith("no test of that name ran"), "it is that test and no other"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("tests/test_a.py::TestB::test_cc", "no test of that name ran; nearest: tests.test_a.TestB::test_c"),
        ("tests/test_x.py::test_add", "no test of that name ran; nearest: tests.test_add::test_add"),
        ("other/add_test.go::TestAdd/two_and_two", "no test of that name ran; nearest: example.com/calc/pkg::TestAdd"),
        ("test_v[y]", "no test of that name ran; nearest: tests.test_a::test_v[std::vector]"),
        ("nothing like it", "no test of that name ran"),
    ],
)
def test_an_unknown_name_is_told_its_nearest(written, why):
    assert why_unproven(written, list(REPORTS.values())).startswith(why)


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        ((Outcome.FAILED,), "it failed"),
        ((Outcome.SKIPPED,), "it was skipped"),
        ((Outcome.PASSED, Outcome.FAILED), "1 of its 2 runs failed"),
    ],
)
def test_what_ran_and_proves_nothing_says_why(outcomes, why):
    cases = [ran("tests.test_a", f"test_v[{number}]", outcome) for number, outcome in enumerate(outcomes)]
    assert why_unproven("tests/test_a.py::test_v", cases) == why


BASE = [ran("tests.test_a", "test_one"), ran("tests.test_a", "test_v[1]"), ran("tests.test_a", "test_v[2]")]


def test_a_lost_test_is_hidden_or_removed():
    lost = compare(BASE, BASE[1:], ["def test_one():"])
    assert (lost.hidden, lost.removed) == ((), ("tests.test_a::test_one",))
    lost = compare(BASE, BASE[1:], ["an unrelated line"])
    assert (lost.hidden, lost.removed) == (("tests.test_a::test_one",), ())


@pytest.mark.parametrize(
    ("case", "file"),
    [
        (ran("test/join.test.ts", 'join > join() === ""'), "test/join.test.ts"),
        (ran("tests.shop.test_cart.TestCart", "test_v"), "tests/shop/test_cart.py"),
        (ran("com.acme.CartTest", "value 1"), "api/src/test/java/com/acme/CartTest.java"),
        (Case("Cart", "adds up", Outcome.PASSED, "spec/cart_spec.rb"), "spec/cart_spec.rb"),
    ],
    ids=["vitest", "pytest", "maven", "rspec"],
)
def test_a_deleted_file_shows_its_lost_tests(case, file):
    assert compare([case], [], [], [file]).removed == (case.name,)
    assert compare([case], [], [], ["tests/test_other.py"]).hidden == (case.name,)


def test_lost_values_of_a_test_are_counted():
    assert compare(BASE, BASE[:2], []).hidden == ("tests.test_a::test_v (1 of 2 cases)",)


@pytest.mark.parametrize(
    "now",
    [
        [*BASE, ran("tests.test_b", "test_two")],
        [ran("tests.unit.test_a", case.title) for case in BASE],
        [ran("tests.test_a", title) for title in ("test_one", "test_v[x]", "test_v[y]")],
    ],
    ids=["more", "moved", "other values"],
)
def test_tests_that_are_all_there_lack_nothing(now):
    lost = compare(BASE, now, [])
    assert (lost.hidden, lost.removed, lost.skipped) == ((), (), ())


def test_a_test_switched_off_is_told():
    assert compare(BASE, [ran("tests.test_a", "test_one", Outcome.SKIPPED), *BASE[1:]], []).skipped == (
        "tests.test_a::test_one",
    )


@pytest.mark.parametrize(
    ("title", "removed"),
    [("double of zero", "test('double of zero', () => {"), ("tests::it_works", "    fn it_works() {")],
)
def test_titles_of_other_runners_are_recognised(title, removed):
    assert compare([ran("", title)], [], [removed]).removed == (title,)
