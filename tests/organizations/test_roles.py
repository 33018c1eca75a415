"""The roles of the server, and the caller's own one."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from ninja_orgkit.conf import Settings as Defaults
from tests.conftest import CountQueries
from tests.org import Org


@pytest.mark.parametrize("role", ["viewer", "member", "admin", "owner"])
def test_a_member_sees_their_own_role_and_permissions(org: Org, count_queries: CountQueries, role: str) -> None:
    api = org.as_(role)
    with count_queries() as queries:
        response = api.get(f"{org.path}me/")
    assert (response.status_code, len(queries)) == (200, 1)
    body = response.json()
    assert body.pop("joined_at").endswith("Z")
    assert body == {"role": role, "permissions": sorted(Defaults.ROLES[role])}
    assert body["permissions"] == api.get(org.path).json()["permissions"]


def test_a_member_whose_role_permits_nothing_sees_that(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"guest": []}}
    guest = org.as_("guest")
    assert guest.get(f"{org.path}me/").json()["permissions"] == []
    assert guest.get(f"{org.path}roles/").status_code == 403


def roles_seen(org: Org, role: str, **query: Any) -> list[dict[str, Any]]:
    """Return the first page of roles as a member with a role sees them."""
    response = org.as_(role).get(f"{org.path}roles/", **query)
    assert response.status_code == 200, response.content
    items: list[dict[str, Any]] = response.json()["items"]
    return items


@pytest.mark.parametrize(
    ("role", "grantable"),
    [
        ("viewer", set()),
        ("member", set()),
        ("admin", {"viewer", "member", "admin"}),
        ("owner", {"viewer", "member", "admin", "owner"}),
    ],
)
def test_roles_are_listed_by_rank_with_what_the_caller_may_grant(org: Org, role: str, grantable: set[str]) -> None:
    items = roles_seen(org, role)
    assert [item["role"] for item in items] == ["owner", "admin", "member", "viewer"]
    assert {item["role"]: item["permissions"] for item in items} == {
        name: sorted(permissions) for name, permissions in Defaults.ROLES.items()
    }
    assert {item["role"] for item in items if item["grantable"]} == grantable
    assert all(set(item) == {"role", "permissions", "grantable"} for item in items)


def test_what_is_grantable_can_be_granted_and_nothing_else(org: Org) -> None:
    admin, bob = org.add_member("admin"), org.add_member("viewer")
    for item in roles_seen(org, "admin"):
        response = admin.api.patch(f"{org.path}members/{bob.slug}/", {"role": item["role"]})
        assert response.status_code == (200 if item["grantable"] else 403)


def test_roles_of_the_host_have_their_rank(org: Org, settings: Settings) -> None:
    own = {"partner": ["org.read", "owners.manage"], "guest": ["org.read"], "hidden": [], "viewer": None}
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": own}
    seen = [item["role"] for item in roles_seen(org, "owner")]
    assert seen == ["owner", "partner", "admin", "member", "guest", "hidden"]


@pytest.mark.parametrize("ordering", ["role", "-role"])
def test_paging_shows_each_role_once_in_both_directions(org: Org, settings: Settings, ordering: str) -> None:
    own = {f"role{number}": ["org.read"] for number in range(5)}
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": own}
    whole = [item["role"] for item in roles_seen(org, "owner", ordering=ordering)]
    assert len(whole) == len(set(whole)) == 9
    assert [item["role"] for item in org.api.walk(f"{org.path}roles/", ordering=ordering, limit=2)] == whole
    page = org.api.get(f"{org.path}roles/", ordering=ordering, limit=2, offset=4).json()
    assert ([item["role"] for item in page["items"]], page["count"]) == (whole[4:6], 9)
    back = org.api.get(page["previous"]).json()
    assert [item["role"] for item in back["items"]] == whole[2:4]


@pytest.mark.parametrize("query", [{"ordering": "name"}, {"limit": 0}, {"cursor": "x"}, {"role": "admin"}])
def test_a_wrong_parameter_of_the_list_of_roles_is_refused(org: Org, query: dict[str, Any]) -> None:
    assert org.api.get(f"{org.path}roles/", **query).status_code == 422
