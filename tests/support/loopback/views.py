"""views: the hosted repository as GraphQL sees it: types as mappings, fields with arguments as functions."""

from __future__ import annotations

HOST = "https://github.com"


def root(hosted):
    """Queries and mutations start here."""
    from .mutations import mutations

    return {
        **mutations(hosted),
        "viewer": lambda: person(hosted, hosted.viewer),
        "repository": lambda owner, name, **_: repository(hosted, owner, name),
        "organization": lambda login: organization(hosted, login),
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


def person(hosted, login):
    """A user."""
    return {
        "__typename": "User",
        "id": f"U_{login}",
        "login": login,
        "name": login.title(),
        "databaseId": 1,
        "on_edge": {"permission": hosted.people.get(login)},
    }


def organization(hosted, login):
    """The owner of the repository, with its teams; GitHub calls any other not found."""
    if login != hosted.owner:
        raise missing(f"Could not resolve to an Organization with the login of '{login}'.")
    return {"__typename": "Organization", "id": "O_1", "login": login, "team": lambda slug: team(hosted, slug)}


def team(hosted, slug):
    """A team, None where there is none that the viewer may see; a token without the scope may ask for none."""
    if "teams" in hosted.forbidden:
        error = LookupError("Your token has not been granted the required scopes: ['read:org'].")
        error.kind = "INSUFFICIENT_SCOPES"
        raise error
    members = hosted.teams.get(slug)
    people = listed(lambda: [person(hosted, login) for login in members])
    return None if members is None else {"__typename": "Team", "id": f"T_{slug}", "slug": slug, "members": people}


def repository(hosted, owner=None, name=None):
    """acme/widgets; GitHub calls anything else not found."""
    if owner is not None and (owner, name) != (hosted.owner, hosted.name):
        raise missing(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return {
        "__typename": "Repository",
        "id": "R_1",
        "databaseId": 1,
        "sshUrl": f"git@github.com:{hosted.owner}/{hosted.name}.git",
        "name": hosted.name,
        "nameWithOwner": f"{hosted.owner}/{hosted.name}",
        "owner": {"__typename": "Organization", "id": "O_1", "login": hosted.owner},
        "url": f"{HOST}/{hosted.owner}/{hosted.name}",
        "hasIssuesEnabled": True,
        "hasWikiEnabled": False,
        "description": "",
        "isPrivate": False,
        "parent": None,
        "viewerPermission": hosted.people[hosted.viewer],
        "mergeCommitAllowed": "MERGE" in hosted.methods,
        "rebaseMergeAllowed": "REBASE" in hosted.methods,
        "squashMergeAllowed": "SQUASH" in hosted.methods,
        "deleteBranchOnMerge": False,
        "defaultBranchRef": {"name": hosted.default},
        "isArchived": hosted.archived,
        "ref": lambda qualifiedName: ref(hosted, qualifiedName.removeprefix("refs/heads/")),  # noqa: N803
        "branchProtectionRules": listed(lambda: protections(hosted)),
        "pullRequests": lambda **arguments: connection(_matching(hosted, **arguments), **arguments),
        "pullRequest": lambda number: pull(hosted, _numbered(hosted, number, pulls=True)),
        "issue": lambda number: issue(hosted, _numbered(hosted, number, pulls=False)),
        "issueOrPullRequest": lambda number: either(hosted, _numbered(hosted, number)),
        "labels": listed(lambda: [label(hosted, name) for name in hosted.labels]),
        "label": lambda name: label(hosted, name) if name in hosted.labels else None,
        "milestones": listed(lambda: [milestone(one) for one in hosted.milestones]),
        "collaborators": lambda query="", **_: connection(
            [person(hosted, login) for login in hosted.people if query in login]
        ),
        "issueTemplates": [],
        "pullRequestTemplates": [],
    }


PROTECTION = {
    "requiredApprovingReviewCount": None,
    "requiredStatusCheckContexts": None,
    "requiresLinearHistory": False,
}


def ref(hosted, branch):
    """A branch, with what its protection asks of the viewer; None where there is none of that name."""
    if hosted.branch(branch) is None:
        return None
    given = hosted.protection(branch)
    rule = {**PROTECTION, "requiresSignatures": False, "viewerCanPush": True, **given} if given is not None else None
    return {"__typename": "Ref", "id": f"REF_{branch}", "name": branch, "refUpdateRule": rule}


def protections(hosted):
    """The patterns of protected branches, which GitHub shows to admins only."""
    if hosted.people[hosted.viewer] != "ADMIN":
        return []
    entries = hosted.protections.items()
    signed = "requiresCommitSignatures"
    return [
        {**PROTECTION, **given, "pattern": name, signed: given.get("requiresSignatures", False)}
        for name, given in entries
    ]


def _matching(hosted, states=None, **arguments):
    heads, bases = {None, arguments.get("headRefName")}, {None, arguments.get("baseRefName")}
    wanted = [
        one
        for one in hosted.pulls()
        if (not states or one.state in states)
        and (heads == {None} or one.head in heads)
        and (bases == {None} or one.base in bases)
    ]
    newest_first = (arguments.get("orderBy") or {}).get("direction") == "DESC"
    return [pull(hosted, one) for one in (reversed(wanted) if newest_first else wanted)]


def _numbered(hosted, number, *, pulls=None):
    hosted.follow()
    thing = hosted.things.get(number)
    if thing is None or pulls not in {None, thing.is_pull}:
        what = {True: "PullRequest", False: "Issue", None: "issue or pull request"}[pulls]
        raise missing(f"Could not resolve to a {what} with the number of {number}.")
    return thing


def missing(message):
    """GitHub's answer to what is not there."""
    error = LookupError(message)
    error.kind = "NOT_FOUND"
    return error


def either(hosted, thing):
    """A pull request or an issue."""
    return pull(hosted, thing) if thing.is_pull else issue(hosted, thing)


def _shared(hosted, thing):
    kind = "pull" if thing.is_pull else "issues"
    return {
        "number": thing.number,
        "title": thing.title,
        "body": thing.body,
        "state": thing.state,
        "closed": thing.state != "OPEN",
        "url": f"{HOST}/{hosted.owner}/{hosted.name}/{kind}/{thing.number}",
        "author": person(hosted, thing.author),
        "labels": listed(lambda: [label(hosted, name) for name in thing.labels]),
        "comments": listed(lambda: [comment(hosted, thing, one) for one in thing.comments]),
        "milestone": next((milestone(one) for one in hosted.milestones if one["title"] == thing.milestone), None),
        "assignees": listed(list),
        "assignedActors": listed(list),
        "projectItems": listed(list),
        "projectCards": listed(list),
        "viewerCanUpdate": True,
    }


def issue(hosted, thing):
    """An issue."""
    return {
        "__typename": "Issue",
        "id": f"I_{thing.number}",
        **_shared(hosted, thing),
        "stateReason": None,
        "issueType": None,
    }


def pull(hosted, thing):
    """A pull request, as its branches are now."""
    owner = thing.fork or hosted.owner
    return {
        "__typename": "PullRequest",
        "id": f"PR_{thing.number}",
        **_shared(hosted, thing),
        "headRefName": thing.head,
        "baseRefName": thing.base,
        "headRefOid": thing.last_head,
        "isDraft": thing.draft,
        "isCrossRepository": thing.fork is not None,
        "headRepositoryOwner": {"__typename": "Organization", "id": "O_1", "login": owner},
        "headRepository": {"id": "R_1", "name": hosted.name, "nameWithOwner": f"{owner}/{hosted.name}"},
        "maintainerCanModify": False,
        "mergeable": lambda: hosted.mergeable(thing) if thing.state == "OPEN" else "UNKNOWN",
        "mergeStateStatus": lambda: _status(hosted, thing),
        "isInMergeQueue": thing.number in hosted.queues.get(thing.base, ()),
        "isMergeQueueEnabled": thing.base in hosted.queues,
        "mergeCommit": {"oid": thing.merge} if thing.merge else None,
        "autoMergeRequest": None,
        "reviewRequests": listed(lambda: [{"requestedReviewer": person(hosted, login)} for login in thing.awaited]),
        "latestReviews": listed(list),
        "reviews": listed(lambda: [review(hosted, one) for one in thing.reviews]),
        "reviewThreads": listed(lambda: [thread(one, entry) for one in thing.reviews for entry in one["threads"]]),
        "commits": lambda **page: connection([{"commit": one} for one in commits(hosted, thing)], **page),
        "statusCheckRollup": lambda **_: {"nodes": [{"commit": commit(hosted, thing)}]},
    }


def review(hosted, one):
    """A review; that of a deleted account has no author, that of an app is by a bot."""
    login = one["author"]
    bot = login is not None and login.endswith("[bot]")
    author = {"__typename": "Bot", "login": login.removesuffix("[bot]")} if bot else login and person(hosted, login)
    return {
        "__typename": "PullRequestReview",
        "id": f"PRR_{one['id']}",
        "state": one["state"],
        "body": one["body"],
        "submittedAt": one["at"],
        "author": author,
        "commit": {"oid": one["commit"]} if one["commit"] else None,
        "authorCanPushToRepository": hosted.people.get(login) in {"WRITE", "ADMIN"},
    }


def thread(one, entry):
    """A thread that a review opened on a line."""
    review = {"pullRequestReview": {"id": f"PRR_{one['id']}"}, "viewerDidAuthor": False}
    opened = {"id": f"PRRC_{entry['id']}", "body": entry["body"], **review}
    return {
        "__typename": "PullRequestReviewThread",
        "id": f"PRRT_{entry['id']}",
        "isResolved": entry["resolved"],
        "isOutdated": entry.get("outdated", False),
        "path": entry["path"],
        "line": entry["line"],
        "comments": listed(lambda: [opened, *({**reply, "pullRequestReview": None} for reply in entry["replies"])]),
    }


def _status(hosted, thing):
    if thing.draft:
        return "DRAFT"
    if "merge" in hosted.forbidden:
        return "BLOCKED"
    return "DIRTY" if hosted.mergeable(thing) == "CONFLICTING" else "CLEAN"


def commit(hosted, thing):
    """The head's commit, with what CI said of it."""
    checks = hosted.checks.get(thing.last_head, [])
    rollup = {"state": "PENDING", "contexts": listed(lambda: [check(one) for one in checks])}
    return {"oid": thing.last_head, "statusCheckRollup": rollup if checks else None}


def commits(hosted, thing):
    """The commits of a pull request, oldest first, with the accounts that GitHub knows by an address."""

    def actor(address):
        return {"user": {"login": hosted.accounts[address]} if address in hosted.accounts else None}

    span = (f"^{thing.base}",) if thing.state == "OPEN" else ("--max-count=1",)
    rows = hosted.git("log", "--reverse", "--format=%H %ae %ce", thing.last_head, *span).splitlines()
    for oid, author, committer in map(str.split, rows):
        facts = commit(hosted, thing) if oid == thing.last_head else {"oid": oid, "statusCheckRollup": None}
        yield {**facts, "authors": listed(lambda who=author: [actor(who)]), "committer": actor(committer)}


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


def comment(hosted, thing, one):
    """A comment."""
    kind = "pull" if thing.is_pull else "issues"
    return {
        "__typename": "IssueComment",
        "id": f"IC_{one['id']}",
        "databaseId": one["id"],
        "author": person(hosted, one["author"]),
        "body": one["body"],
        "createdAt": one["at"],
        "updatedAt": one["at"],
        "url": f"{HOST}/{hosted.owner}/{hosted.name}/{kind}/{thing.number}#issuecomment-{one['id']}",
    }


def label(hosted, name):
    """A label."""
    return {"__typename": "Label", "id": f"LA_{name}", "name": name, **hosted.labels[name]}


def milestone(one):
    """A milestone."""
    return {"__typename": "Milestone", "id": f"MI_{one['number']}", **one, "state": one["state"].upper()}
