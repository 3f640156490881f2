"""graphql: gh's own queries, executed against GitHub's public schema over views of the hosted repository."""

from __future__ import annotations

from functools import cache

from . import views


@cache
def schema():
    """GitHub's schema; one field that gh asks for is not public and is added."""
    from graphql import build_schema

    from . import SCHEMA

    text = SCHEMA.read_text(encoding="utf-8") + EXTENSION
    return build_schema(text, assume_valid=True, no_location=True)


EXTENSION = """
union Actors = Bot | Mannequin | Organization | User
type ActorsConnection { nodes: [Actors] totalCount: Int! }
extend type PullRequest { assignedActors(first: Int, after: String): ActorsConnection! }
"""


@cache
def rules():
    """gh's queries select one field twice with different arguments, which GitHub allows."""
    from graphql import OverlappingFieldsCanBeMergedRule, specified_rules

    return [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]


@cache
def checked(query):
    """A query, and what the schema has against it."""
    from graphql import parse, validate

    document = parse(query)
    return document, validate(schema(), document, rules())


def answer(github, _method, _path, sent):
    """Execute a query."""
    from graphql import execute

    document, errors = checked(sent["query"])
    if errors:
        github.made_up.update(error.message for error in errors)
        return 200, {"errors": [{"message": error.message} for error in errors]}
    done = execute(
        schema(),
        document,
        root_value=views.root(github.hosted),
        context_value=github,
        variable_values=sent.get("variables"),
        field_resolver=resolve,
        type_resolver=lambda value, *_: value["__typename"],
    )
    answer = {"data": done.data}
    if done.errors:
        answer["errors"] = [
            {
                "type": getattr(error.original_error, "kind", "UNPROCESSABLE"),
                "path": error.path,
                "message": error.message,
            }
            for error in done.errors
        ]
    return 200, answer


def resolve(source, info, **arguments):
    """Take a field from the view it is asked of; one that is not there was never thought of, and fails the test."""
    if info.field_name not in source:
        what = f"{info.parent_type.name}.{info.field_name}"
        info.context.made_up.add(what)
        raise LookupError(f"not in this repository: {what}")
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value
