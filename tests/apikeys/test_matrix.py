"""Every operation of the API, called by keys with all permissions, with the one that it needs, and without that one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.roles import MANAGE_KEYS
from ninja_orgkit.urls import api as ready_made
from tests.client import Api
from tests.org import Org
from tests.protocol.problems import filled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_org")]

ALL = sorted(set(settings.ROLES["owner"]) - {MANAGE_KEYS})
FOR_PEOPLE = ("/auth/", "/users/", "/token/", "/invitations/", "/orgs/{org_slug}/api-keys/")
# Their gates look at an object of any organization, or at all organizations of the caller.
NEEDS = {
    "create_contact": "contacts.write",
    "delete_contact": "contacts.write",
    "delete_contact_avatar": "contacts.write",
    "get_contact": "contacts.read",
    "list_contacts": "contacts.read",
    "list_organizations": "org.read",
    "replace_contact": "contacts.write",
    "update_contact": "contacts.write",
    "upload_contact_avatar": "contacts.write",
}


def _operations() -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and operation of every route that needs a caller."""
    for router in ready_made._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if operation.auth_callbacks and operation.methods != ["HEAD"]:
                    yield operation.methods[0], re.sub(r"{\w+:", "{", f"{router.prefix}{path}"), operation


OPERATIONS = {operation.operation_id: (method, path, operation) for method, path, operation in _operations()}
GATES = {name: operation.view_func.traits.gate for name, (_, _, operation) in OPERATIONS.items()}
FOR_KEYS = {name: route for name, route in OPERATIONS.items() if name in NEEDS or GATES[name] is not None}


def _is_for_people(name: str) -> bool:
    method, path, _ = OPERATIONS[name]
    return path.startswith(FOR_PEOPLE) or (method, path) == ("POST", "/orgs/")


def _call(api: Api, name: str, org: Org, *, slug: str = "") -> Any:
    """Return the status and the code of an answer. An unknown parameter is refused after the gate, and writes nothing.

    Only the gate of a new contact looks at the body, which is valid before that.
    """
    method, path, _ = OPERATIONS[name]
    if name == "create_contact":
        answer = api.post(path, {"organization": slug or org.slug, "first_name": "Ada"})
    else:
        contact = org.add_contact("Ada")["slug"] if path.startswith("/contacts/{slug}") else ""
        address = filled(path.replace("/contacts/{slug}", f"/contacts/{contact}"), slug or org.slug)
        answer = api.send(method, f"{address}?bogus=1")
    return answer.status_code, answer.json().get("code", "")


ADMITTED = ((422, "unknown_parameter"), (201, ""))


@pytest.fixture(scope="module")
def robot(shared_org: Org) -> Api:
    """Return the client of a program whose key has every permission."""
    return shared_org.as_key(*ALL)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_key_with_every_permission_is_refused_only_where_people_are_wanted(robot: Api, org: Org, name: str) -> None:
    expected = [(403, "not_for_api_keys")] if _is_for_people(name) else ADMITTED
    assert _call(robot, name, org) in expected


@pytest.mark.parametrize("name", sorted(name for name in FOR_KEYS if not _is_for_people(name)))
def test_a_key_needs_the_permission_that_a_member_needs(org: Org, name: str) -> None:
    needed = NEEDS.get(name) or GATES[name].permission
    assert _call(org.as_key(needed or "tags.read"), name, org) in ADMITTED
    without = org.as_key(*(permission for permission in ALL if permission != needed))
    if name in ("list_organizations", "list_contacts"):
        org.add_contact("Ada")
        assert without.get(OPERATIONS[name][1]).json()["items"] == []
    else:
        assert _call(without, name, org) in ([(403, "forbidden")] if needed else ADMITTED)


@pytest.mark.parametrize("name", sorted(name for name in OPERATIONS if "{org_slug}" in OPERATIONS[name][1]))
def test_a_key_finds_no_other_organization_of_its_creator(robot: Api, org: Org, other_org: Org, name: str) -> None:
    other_org.join(org.owner, "owner")
    expected = (403, "not_for_api_keys") if _is_for_people(name) else (404, "not_found")
    assert _call(robot, name, org, slug=other_org.slug) == _call(robot, name, org, slug="nowhere") == expected
