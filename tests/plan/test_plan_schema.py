"""The schema that editors use and the model that the program uses describe the same plan."""

import dataclasses
import json
import typing
from pathlib import Path

import jsonschema
import yaml

from run_milestone.model import (
    AgentSpec,
    Checks,
    CiSpec,
    Commands,
    Criterion,
    Expectations,
    FlakySpec,
    Issue,
    KnownTests,
    Licences,
    Limits,
    Milestone,
    ModelSpec,
    NetworkSpec,
    Part,
    Paths,
    PeopleSpec,
    Phase,
    ProcessLimits,
    Quarantined,
    RepositorySpec,
    Reviewer,
    SandboxSpec,
    ServiceSpec,
    Tier,
    TreeSpec,
    Verb,
)
from run_milestone.plan.schema import plan_schema
from run_milestone.policy.stops import STOPS

ROOT = Path(__file__).parents[2]
PAIRS = {
    (): Milestone,
    ("repository",): RepositorySpec,
    ("agent",): AgentSpec,
    ("agent", "model"): ModelSpec,
    ("commands",): Commands,
    ("commands", "web/**"): Part,
    ("tree",): TreeSpec,
    ("tree", "services", 0): ServiceSpec,
    ("checks",): Checks,
    ("limits",): Limits,
    ("reviewers", 0): Reviewer,
    ("reviewers", 0, "model"): ModelSpec,
    ("licences",): Licences,
    ("sandbox",): SandboxSpec,
    ("sandbox", "limits"): ProcessLimits,
    ("sandbox", "network"): NetworkSpec,
    ("tests",): KnownTests,
    ("flaky",): FlakySpec,
    ("ci",): CiSpec,
    ("quarantine", 0): Quarantined,
    ("people",): PeopleSpec,
    ("phases", 0): Phase,
    ("phases", 0, "issues", 0): Issue,
    ("phases", 0, "issues", 0, "criteria", 0): Criterion,
    ("phases", 0, "issues", 0, "tests"): Expectations,
    ("phases", 0, "issues", 0, "paths"): Paths,
    ("phases", 0, "issues", 0, "agent"): AgentSpec,
    ("phases", 0, "issues", 0, "agent", "model"): ModelSpec,
    ("phases", 0, "issues", 0, "people"): PeopleSpec,
}
COUNTED = {
    Phase: {"number"},
    Issue: {"phase"},
    AgentSpec: {"login"},
    Commands: {"parts"},
    Part: {"pattern"},
    PeopleSpec: {"members"},
}
"""Fields that the place in the plan gives, or the agent that it names."""
SHORT = {AgentSpec: {"use"}, PeopleSpec: {"from"}}
"""Keys that stand for several fields, or for one of another name."""


def rule_at(steps):
    rule = plan_schema()
    for step in steps:
        by_form = {"web/**": rule.get("patternProperties", {}).get("[/*]")}
        rule = rule["items"] if isinstance(step, int) else {**by_form, **rule["properties"]}[step]
    return rule


def test_every_property_has_its_field_and_back():
    for steps, cls in PAIRS.items():
        fields = {field.name for field in dataclasses.fields(cls)} - COUNTED.get(cls, set())
        assert set(rule_at(steps)["properties"]) - SHORT.get(cls, set()) == fields, cls.__name__


def test_every_mapping_of_the_schema_is_compared():
    def strict(rule, steps=()):
        if rule.get("additionalProperties") is False:
            yield steps
        for key, inner in rule.get("properties", {}).items():
            yield from strict(inner, (*steps, key))
        for inner in rule.get("patternProperties", {}).values():
            yield from strict(inner, (*steps, "web/**"))
        if "items" in rule:
            yield from strict(rule["items"], (*steps, 0))

    assert set(strict(plan_schema())) == {*PAIRS, ("decisions",), ("auto_fix",)}


def test_required_fields_have_no_default():
    for steps, cls in PAIRS.items():
        needed = {
            field.name
            for field in dataclasses.fields(cls)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        filled_in = {"branch", "slug"} | COUNTED.get(cls, set()) | ({"title"} if cls is Phase else set())
        assert set(rule_at(steps).get("required", [])) == needed - filled_in, cls.__name__


def test_closed_sets_are_the_same():
    issue = rule_at(("phases", 0, "issues", 0))
    assert tuple(issue["properties"]["priority"]["enum"]) == typing.get_args(typing.get_type_hints(Issue)["priority"])
    decisions = rule_at(("decisions",))["properties"]
    assert set(decisions) == {stop.kind for stop in STOPS.values() if stop.tier is Tier.HARD}
    assert all(rule["items"]["enum"] == [*Verb] for rule in decisions.values())


def test_editors_accept_the_founding_example():
    schema = json.loads((ROOT / "schemas/plan.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    written = yaml.safe_load((ROOT / "plans/m4.1/plan.yaml").read_text())
    jsonschema.validate(written, schema)


def test_everything_a_message_can_expect_has_its_words():
    def wordless(rule, steps=()):
        if isinstance(rule, dict):
            if "type" in rule and not {"title", "enum"} & rule.keys():
                yield steps
            for key, inner in rule.items():
                yield from wordless(inner, (*steps, key))

    assert list(wordless(plan_schema())) == []
