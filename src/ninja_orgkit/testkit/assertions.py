"""What every route of a host should be tested for. Each failure says what was seen."""

from __future__ import annotations

import json as jsonlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from django.db import connections

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import MANAGE_KEYS
from ninja_orgkit.testkit.client import OrgkitClient
from ninja_orgkit.testkit.factories import OrgkitFactories

_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
_NOWHERE = "there-is-no-such-organization"
_OF_THE_REQUEST = ("X-Request-ID", "Date", "Content-Length")
"""Headers that differ between any two answers, and the length of a body that names the request."""
_SHOWN = 500


def assert_stranger_sees_nothing(method: str, path: str, *, organization: Organization, json: Any = None) -> None:
    """Assert that a route hides an organization from everybody who is not a member.

    Somebody who is signed in and not a member must get 404. If the path or the ``json`` names the organization by its
    slug, the same request for an organization that does not exist must get the same answer. Without signing in, the
    answer must be 401. Nothing that the requests write stays.
    """
    with _undone():
        nobody, stranger = OrgkitClient(), OrgkitClient().as_(OrgkitFactories().account())
        seen = _called(lambda: stranger.request(method, path, json=json))
        _expect(seen.response.status_code == 404, f"{method} {path} by a stranger", "404", seen.response)
        slug = re.compile(rf"(?<=[/=]){re.escape(organization.slug)}(?![^/?&])")
        elsewhere, sent = slug.sub(_NOWHERE, path), json
        if isinstance(json, dict):
            sent = {name: _NOWHERE if value == organization.slug else value for name, value in json.items()}
        if (elsewhere, sent) != (path, json):
            missing = _called(lambda: stranger.request(method, elsewhere, json=sent))
            what = f"{method} {path} by a stranger, and the same for an organization that does not exist"
            _compare(what, seen, missing)
        response = nobody.request(method, path, json=json)
        _expect(response.status_code == 401, f"{method} {path} without signing in", "401", response)


def assert_roles(
    method: str, path: str, *, organization: Organization, allowed: Collection[str], json: Any = None
) -> None:
    """Assert that members with one of the ``allowed`` roles may call a route, and that all other roles get 403.

    A new member of every role in the setting ``ROLES`` calls it. Who may must succeed, so send a valid ``json``. What
    one call writes is undone before the next one.
    """
    unknown = set(allowed) - set(settings.ROLES)
    if isinstance(allowed, str) or unknown:
        raise ValueError(f"allowed must be a collection of roles in ROLES, not {allowed!r}.")
    faults = []
    for role in settings.ROLES:
        with _undone():
            account = OrgkitFactories().account()
            Membership.objects.create(organization=organization, account=account, role=role)
            response = OrgkitClient().as_(account).request(method, path, json=json)
            succeeded = response.status_code < 400
            if role in allowed and not succeeded:
                faults.append(f"{role}: expected success, saw {_shown(response)}")
            if role not in allowed and response.status_code != 403:
                faults.append(f"{role}: expected 403, saw {_shown(response)}")
    if faults:
        raise AssertionError("\n  ".join([f"{method} {path}", *faults]))


def assert_keys(method: str, path: str, *, organization: Organization, needs: str, json: Any = None) -> None:
    """Assert that an API key may call a route with one permission (``needs``), and with all others but this one not.

    The key with the permission must succeed, so send a valid ``json``. One with all others that an owner can give must
    get 403, and a key of another organization 404. What one call writes is undone before the next one.
    """
    make, faults = OrgkitFactories(), []

    def call(expected: str, who: str, where: Organization, *permissions: str) -> None:
        with _undone():
            key = make.api_key(where, permissions=permissions)
            response = OrgkitClient().as_key(key).request(method, path, json=json)
            status = response.status_code
            if str(status) != expected and not (expected == "success" and status < 400):
                faults.append(f"{who}: expected {expected}, saw {_shown(response)}")

    with _undone():
        call("success", f"a key with {needs}", organization, needs)
        others = set().union(*settings.ROLES.values()) - {needs, MANAGE_KEYS}
        call("403", f"a key without {needs}", organization, *others)
        call("404", "a key of another organization", make.organization(), needs)
    if faults:
        raise AssertionError("\n  ".join([f"{method} {path}", *faults]))


def assert_constant_statements(call: Callable[[], Any], grow: Callable[[], Any]) -> None:
    """Assert that a call runs as many statements when there is more.

    ``call`` sends a request or runs any code, and ``grow`` adds to what it reads. The call is measured after ``grow``
    ran once, and again after it ran three more times. If the call returns a response, it must be a success.
    """
    grow()
    _successful(call())  # fills the caches that each process has
    few = _called(call)
    _successful(few.response)
    for _ in range(3):
        grow()
    many = _called(call)
    _successful(many.response)
    if len(few.statements) != len(many.statements):
        raise AssertionError(
            f"The call ran {len(few.statements)} statements at first, and {len(many.statements)} when there was more:\n"
            f"  {_beyond(many, few)}"
        )


def assert_same_answer(one: Any, two: Any) -> None:
    """Assert that nobody can tell two answers apart: the same status, headers and body.

    Each is a response, or a function that returns one. Two functions must run the same number of statements, too.
    """
    _compare("The two answers", _answered(one), _answered(two))


class _Undo(Exception):
    """Rolls back a transaction."""


class _Call:
    """What a call returned, and the statements that it ran."""

    def __init__(self, response: Any, statements: list[str]) -> None:
        self.response = response
        self.statements = statements


def _answered(answer: Any) -> _Call:
    return _called(answer) if callable(answer) else _Call(answer, [])


def _called(call: Callable[[], Any]) -> _Call:
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        statements.append(sql)
        return execute(sql, *arguments)

    with ExitStack() as stack:
        for connection in connections.all():  # also those that are never opened, which this does not open either
            stack.enter_context(connection.execute_wrapper(note))
        response = call()
    return _Call(response, [statement for statement in statements if not statement.startswith(_CONTROL)])


def _beyond(one: _Call, two: _Call) -> str:
    """Return the statements that one call ran more often than the other, with how many times more."""
    more = Counter(map(_shape, one.statements)) - Counter(map(_shape, two.statements))
    return "\n  ".join(f"{times} × {statement[:_SHOWN]}" for statement, times in more.items()) or "nothing"


def _shape(statement: str) -> str:
    """Return a statement without its values and columns."""
    bare = re.sub(r"'[^']*'|%s|\b[0-9]+\b", "?", statement)
    return re.sub(r"\?(, \?)+", "?, …", re.sub(r"(?<=^SELECT ).*?(?= FROM )", "…", bare))


@contextmanager
def _undone() -> Iterator[None]:
    """Run a block, and undo what it has written to the database of the kit."""
    with suppress(_Undo), atomic():
        yield
        raise _Undo


def _compare(what: str, one: _Call, two: _Call) -> None:
    first, second = _told(one.response), _told(two.response)
    if first != second:
        raise AssertionError(f"{what} differ:\n  {_shown(one.response)}\n  {_shown(two.response)}")
    if len(one.statements) != len(two.statements):
        raise AssertionError(
            f"{what} take {len(one.statements)} and {len(two.statements)} statements:\n"
            f"  only the first: {_beyond(one, two)}\n"
            f"  only the second: {_beyond(two, one)}"
        )


def _told(response: Any) -> tuple[int, dict[str, str], Any]:
    """Return what a client can compare: the status, the headers, and the body without the id of the request."""
    headers = {name: value for name, value in response.items() if name not in _OF_THE_REQUEST}
    content = b"".join(response.streaming_content) if response.streaming else response.content
    try:
        body = jsonlib.loads(content)
    except ValueError:
        body = content
    if isinstance(body, dict):
        body.pop("request_id", None)
    return response.status_code, headers, body


def _successful(response: Any) -> None:
    status = getattr(response, "status_code", 200)
    _expect(status < 400, "The call", "success", response)


def _expect(is_met: bool, what: str, expected: str, response: Any) -> None:
    if not is_met:
        raise AssertionError(f"{what}: expected {expected}, saw {_shown(response)}")


def _shown(response: Any) -> str:
    if response.streaming:
        return f"{response.status_code} with a stream"
    return f"{response.status_code} {response.content.decode(errors='replace')[:_SHOWN]}".strip()
