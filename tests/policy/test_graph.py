"""A milestone becomes exactly the tasks that the contract names, each after the ones it needs."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from run_milestone.model import STEPS, Issue, Milestone, Phase, TreeSpec
from run_milestone.policy.graph import compile_graph, longest_first

CHAIN = [
    "branch",
    "implement",
    "lint",
    "test",
    "test-gate",
    "inspect",
    "inspect-gate",
    "push",
    "pr",
    "review",
    "review-gate",
    "people",
    "people-gate",
]


def milestone(*phases):
    """Make a milestone of phases, each a mapping of issue number to what it depends on."""
    made = (
        Phase(
            place, f"Phase {place}", tuple(Issue(n, f"Issue {n}", n, place, depends_on=tuple(d)) for n, d in p.items())
        )
        for place, p in enumerate(phases, start=1)
    )
    return Milestone("m4.1", "Users", "milestone/m4.1", tuple(made))


def names(graph):
    return [node.name for node in graph]


def before(graph, name):
    """Everything that has to be done before a task can start."""
    after = {node.name: node.after for node in graph}
    seen, open_ends = set(), [name]
    while open_ends:
        for needed in after[open_ends.pop()]:
            if needed not in seen:
                seen.add(needed)
                open_ends.append(needed)
    return seen


def test_an_issue_has_the_documented_steps_in_order():
    assert [step.value for step in STEPS if step != "setup"] == CHAIN


def test_a_setup_follows_the_branch():
    whole = replace(milestone({"01": ()}), tree=TreeSpec(setup=(("npm", "ci"),)))
    assert names(compile_graph(whole))[2:5] == ["01:branch", "01:setup", "01:implement"]


def test_a_small_milestone_has_these_tasks():
    graph = compile_graph(milestone({"01": (), "02": ("01",)}, {"03": ()}))
    chains = {number: [*(f"{number}:{step}" for step in CHAIN), number] for number in ("01", "02", "03")}
    assert names(graph) == [
        "bootstrap",
        "plan-review",
        *chains["01"],
        *chains["02"],
        "phase-1",
        *chains["03"],
        "phase-2",
        "complete",
    ]


def test_each_task_waits_for_exactly_what_it_needs():
    after = {node.name: node.after for node in compile_graph(milestone({"01": (), "02": ("01",)}, {"03": ("01",)}))}
    assert after["plan-review"] == ("bootstrap",)
    assert after["01:branch"] == ("plan-review",)
    assert after["02:branch"] == ("plan-review", "01:people-gate")
    assert after["03:branch"] == ("phase-1", "01:people-gate")
    assert [after[f"01:{step}"] for step in CHAIN[1:]] == [(f"01:{step}",) for step in CHAIN[:-1]]
    assert after["phase-1"] == ("01:people-gate", "02:people-gate")
    assert after["complete"] == ("phase-2",)


def test_an_issue_is_the_group_of_its_steps():
    graph = compile_graph(milestone({"01": ()}, {"02": ()}))
    assert [node.name for node in graph if node.group] == ["01", "02"]
    assert next(node.after for node in graph if node.name == "01") == tuple(f"01:{step}" for step in CHAIN)


def test_an_issue_comes_after_its_dependency():
    graph = names(compile_graph(milestone({"01": ("03",), "02": (), "03": ()})))
    assert [name for name in graph if name.endswith(":branch")] == ["02:branch", "03:branch", "01:branch"]


def test_a_chain_of_a_thousand_issues_is_ordered():
    numbers = [f"{number:04}" for number in range(1000)]
    needs = dict(zip(numbers, [(later,) for later in numbers[1:]] + [()], strict=True))
    graph = names(compile_graph(milestone(needs)))
    assert [name for name in graph if name in needs] == numbers[::-1]


@st.composite
def plans(draw):
    """Random plans: every issue may depend on any of earlier phases, and on some of its phase without a circle."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    written = draw(st.permutations(range(sum(sizes))))  # which number comes where in the plan
    phases, rank, seen = [], 0, []
    for size in sizes:
        batch = [f"{written[rank + place] + 1:02}" for place in range(size)]
        allowed = draw(st.permutations(batch))  # an issue may depend on those before it here
        needs = {n: draw(st.sets(st.sampled_from([*seen, *allowed[: allowed.index(n)]] or [n]))) - {n} for n in batch}
        phases.append({number: tuple(sorted(needs[number])) for number in batch})
        rank, seen = rank + size, [*seen, *batch]
    return phases


@settings(max_examples=60, deadline=None)
@given(plans())
def test_no_task_comes_before_what_it_needs(phases):
    done = set()
    for node in compile_graph(milestone(*phases)):
        assert set(node.after) <= done, node.name
        done.add(node.name)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_an_issue_waits_for_its_dependencies_alone(phases):
    graph = compile_graph(milestone(*phases))
    number_of = {number: place for place, phase in enumerate(phases) for number in phase}
    needs = {number: set(wanted) for phase in phases for number, wanted in phase.items()}
    for number, place in number_of.items():
        barriers = {f"phase-{earlier + 1}" for earlier in range(place)}
        chains = {other for other, phase in number_of.items() if phase < place}  # all issues of the phases before
        more = needs[number] - chains
        while more:  # the reference: depends_on, followed to its end
            chains |= more
            more = {needed for other in more for needed in needs[other]} - chains
        expected = {"bootstrap", "plan-review"} | barriers | {f"{c}:{step}" for c in chains for step in CHAIN}
        assert before(graph, f"{number}:branch") == expected


@settings(max_examples=60, deadline=None)
@given(plans())
def test_barrier_and_end_wait_for_everything_before(phases):
    graph = compile_graph(milestone(*phases))
    ends = {f"{number}:people-gate" for phase in phases for number in phase}
    assert ends | {f"phase-{place}" for place in range(1, len(phases) + 1)} <= before(graph, "complete")
    for place, phase in enumerate(phases, start=1):
        assert {f"{number}:people-gate" for number in phase} <= before(graph, f"phase-{place}")


@settings(max_examples=60, deadline=None)
@given(plans())
def test_every_name_is_there_once(phases):
    seen = names(compile_graph(milestone(*phases)))
    assert len(seen) == len(set(seen))


def test_the_longest_chain_begins_first():
    (phase,) = milestone({"01": (), "02": (), "03": (), "04": ("03",), "05": ("04", "02"), "06": ("00",)}).phases
    assert [issue.number for issue in longest_first(phase.issues)] == ["03", "02", "04", "01", "05", "06"]
