"""views: the world as GraphQL sees it: types as mappings, fields with arguments as functions."""

from __future__ import annotations

HOST = "https://github.com"


def root(world):
    """Queries and mutations start here."""
    from .mutations import mutations

    return {
        **mutations(world),
        "viewer": lambda: person(world, world.viewer),
        "repository": lambda owner, name, **_: repository(world, owner, name),
    }


def connection(items, first=None, last=None, after=None, **_):
    """A page of a list."""
    start = int(after or 0)
    size = first or last or 100
    page = items[start : start + size] if first or not last else items[-size:]
    info = {
        "hasNextPage": start + size < len(items),
        "endCursor": str(start + size),
        "hasPreviousPage": False,
        "startCursor": "0",
    }
    edges = [
        {"node": item, "cursor": str(start + place + 1), **item.get("on_edge", {})} for place, item in enumerate(page)
    ]
    return {"nodes": page, "edges": edges, "totalCount": len(items), "pageInfo": info}


def listed(items):
    """A field that is a connection over items that only matter once it is asked for."""
    return lambda **page: connection(items(), **page)


def person(world, login):
    """A user."""
    return {
        "__typename": "User",
        "id": f"U_{login}",
        "login": login,
        "name": login.title(),
        "databaseId": 1,
        "on_edge": {"permission": world.people.get(login)},
    }


def repository(world, owner=None, name=None):
    """acme/widgets; GitHub calls anything else not found."""
    if owner is not None and (owner, name) != (world.owner, world.name):
        raise missing(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return {
        "__typename": "Repository",
        "id": "R_1",
        "databaseId": 1,
        "sshUrl": f"git@github.com:{world.owner}/{world.name}.git",
        "name": world.name,
        "nameWithOwner": f"{world.owner}/{world.name}",
        "owner": {"__typename": "Organization", "id": "O_1", "login": world.owner},
        "url": f"{HOST}/{world.owner}/{world.name}",
        "hasIssuesEnabled": True,
        "hasWikiEnabled": False,
        "description": "",
        "isPrivate": False,
        "parent": None,
        "viewerPermission": world.people[world.viewer],
        "mergeCommitAllowed": True,
        "rebaseMergeAllowed": True,
        "squashMergeAllowed": True,
        "deleteBranchOnMerge": False,
        "defaultBranchRef": {"name": "main"},
        "pullRequests": lambda **arguments: connection(_matching(world, **arguments), **arguments),
        "pullRequest": lambda number: pull(world, _numbered(world, number, pulls=True)),
        "issue": lambda number: issue(world, _numbered(world, number, pulls=False)),
        "issueOrPullRequest": lambda number: either(world, _numbered(world, number)),
        "labels": listed(lambda: [label(world, name) for name in world.labels]),
        "label": lambda name: label(world, name) if name in world.labels else None,
        "milestones": listed(lambda: [milestone(one) for one in world.milestones]),
        "collaborators": lambda query="", **_: connection(
            [person(world, login) for login in world.people if query in login]
        ),
        "issueTemplates": [],
        "pullRequestTemplates": [],
    }


def _matching(world, states=None, **arguments):
    heads, bases = {None, arguments.get("headRefName")}, {None, arguments.get("baseRefName")}
    wanted = [
        one
        for one in world.pulls()
        if (not states or one.state in states)
        and (heads == {None} or one.head in heads)
        and (bases == {None} or one.base in bases)
    ]
    newest_first = (arguments.get("orderBy") or {}).get("direction") == "DESC"
    return [pull(world, one) for one in (reversed(wanted) if newest_first else wanted)]


def _numbered(world, number, *, pulls=None):
    world.follow()
    thing = world.things.get(number)
    if thing is None or pulls not in {None, thing.is_pull}:
        what = {True: "PullRequest", False: "Issue", None: "issue or pull request"}[pulls]
        raise missing(f"Could not resolve to a {what} with the number of {number}.")
    return thing


def missing(message):
    """GitHub's answer to what is not there."""
    error = LookupError(message)
    error.kind = "NOT_FOUND"
    return error


def either(world, thing):
    """A pull request or an issue."""
    return pull(world, thing) if thing.is_pull else issue(world, thing)


def _shared(world, thing):
    kind = "pull" if thing.is_pull else "issues"
    return {
        "number": thing.number,
        "title": thing.title,
        "body": thing.body,
        "state": thing.state,
        "closed": thing.state != "OPEN",
        "url": f"{HOST}/{world.owner}/{world.name}/{kind}/{thing.number}",
        "author": person(world, thing.author),
        "labels": listed(lambda: [label(world, name) for name in thing.labels]),
        "comments": listed(lambda: [comment(world, thing, one) for one in thing.comments]),
        "milestone": next((milestone(one) for one in world.milestones if one["title"] == thing.milestone), None),
        "assignees": listed(list),
        "assignedActors": listed(list),
        "projectItems": listed(list),
        "projectCards": listed(list),
        "viewerCanUpdate": True,
    }


def issue(world, thing):
    """An issue."""
    return {
        "__typename": "Issue",
        "id": f"I_{thing.number}",
        **_shared(world, thing),
        "stateReason": None,
        "issueType": None,
    }


def pull(world, thing):
    """A pull request, as its branches are now."""
    owner = thing.fork or world.owner
    return {
        "__typename": "PullRequest",
        "id": f"PR_{thing.number}",
        **_shared(world, thing),
        "headRefName": thing.head,
        "baseRefName": thing.base,
        "headRefOid": thing.last_head,
        "isDraft": thing.draft,
        "isCrossRepository": thing.fork is not None,
        "headRepositoryOwner": {"__typename": "Organization", "id": "O_1", "login": owner},
        "headRepository": {"id": "R_1", "name": world.name, "nameWithOwner": f"{owner}/{world.name}"},
        "maintainerCanModify": False,
        "mergeable": lambda: world.mergeable(thing) if thing.state == "OPEN" else "UNKNOWN",
        "mergeStateStatus": lambda: _status(world, thing),
        "isInMergeQueue": False,
        "isMergeQueueEnabled": False,
        "mergeCommit": {"oid": thing.merge} if thing.merge else None,
        "autoMergeRequest": None,
        "reviewRequests": listed(list),
        "latestReviews": listed(list),
        "reviews": listed(list),
        "commits": lambda **page: connection([{"commit": commit(world, thing)}], **page),
        "statusCheckRollup": lambda **_: {"nodes": [{"commit": commit(world, thing)}]},
    }


def _status(world, thing):
    if thing.draft:
        return "DRAFT"
    if "merge" in world.forbidden:
        return "BLOCKED"
    return "DIRTY" if world.mergeable(thing) == "CONFLICTING" else "CLEAN"


def commit(world, thing):
    """The head's commit, with what CI said of it."""
    checks = world.checks.get(thing.last_head, [])
    rollup = {"state": "PENDING", "contexts": listed(lambda: [check(one) for one in checks])}
    return {"oid": thing.last_head, "statusCheckRollup": rollup if checks else None}


def check(one):
    """A check run of GitHub Actions, or of another app."""
    done = {"passed": "SUCCESS", "failed": "FAILURE", "skipped": "SKIPPED"}.get(one["state"])
    return {
        "__typename": "CheckRun",
        "databaseId": one["id"],
        "name": one["name"],
        "status": "COMPLETED" if done else "IN_PROGRESS",
        "conclusion": done,
        "detailsUrl": one["url"],
        "isRequired": lambda **_: one["required"],
        "title": None,
        "summary": one.get("summary"),
        "text": None,
    }


def comment(world, thing, one):
    """A comment."""
    kind = "pull" if thing.is_pull else "issues"
    return {
        "__typename": "IssueComment",
        "id": f"IC_{one['id']}",
        "databaseId": one["id"],
        "author": person(world, one["author"]),
        "body": one["body"],
        "createdAt": one["at"],
        "updatedAt": one["at"],
        "url": f"{HOST}/{world.owner}/{world.name}/{kind}/{thing.number}#issuecomment-{one['id']}",
    }


def label(world, name):
    """A label."""
    return {"__typename": "Label", "id": f"LA_{name}", "name": name, **world.labels[name]}


def milestone(one):
    """A milestone."""
    return {"__typename": "Milestone", "id": f"MI_{one['number']}", **one, "state": one["state"].upper()}
