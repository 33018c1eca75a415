"""Objects of another organization answer as if they did not exist."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import Person, count_queries, told
from tests.org import MakePerson, Org
from tests.organizations.actions import invite, roles_in

pytestmark = pytest.mark.usefixtures("shared_org")

NOBODY = "00000000-0000-4000-8000-000000000000"
ROUTES = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine now"}),
    ("DELETE", "?confirm={org}", None),
    ("GET", "me/", None),
    ("GET", "roles/", None),
    ("POST", "transfer/", {"member": "nobody"}),
    ("DELETE", "logo/", None),
    ("GET", "members/", None),
    ("GET", "members/{owner}/", None),
    ("PATCH", "members/{owner}/", {"role": "viewer"}),
    ("DELETE", "members/{owner}/", None),
    ("GET", "invitations/", None),
    ("POST", "invitations/", {"email": "x@example.com", "role": "member"}),
    ("POST", "invitations/bulk/", {"invitations": [{"email": "x@example.com", "role": "member"}]}),
    ("GET", "invitations/{invitation}/", None),
    ("PATCH", "invitations/{invitation}/", {"role": "viewer"}),
    ("POST", "invitations/{invitation}/resend/", None),
    ("DELETE", "invitations/{invitation}/", None),
]


def _call(person: Person, method: str, path: str, body: Any) -> Any:
    with count_queries() as queries:
        response = getattr(person.api, method.lower())(path, *([body] if body else []))
    return response.status_code, told(response), [_shape(item["sql"]) for item in queries]


def _shape(sql: str) -> Any:
    return sql.partition("WHERE")[0]


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_a_foreign_and_an_unknown_organization_answer_alike(
    org: Org, make_person: MakePerson, method: str, rest: str, body: Any
) -> None:
    invitation = invite(org, "guest@example.com").json()["id"]
    values = {"owner": org.owner.slug, "invitation": invitation}
    foreign = _call(org.stranger, method, f"/orgs/acme/{rest.format(org='acme', **values)}", body)
    unknown = _call(org.stranger, method, f"/orgs/nope/{rest.format(org='nope', **values)}", body)
    assert foreign == unknown
    assert foreign[0] == 404
    assert roles_in(org) == {org.owner.slug: "owner"}


def test_a_deleted_organization_disappears_for_its_members_at_once(org: Org, make_person: MakePerson) -> None:
    member = org.add_member("member")
    assert org.api.delete(f"{org.path}?confirm=acme").status_code == 204
    for someone in (org.owner, member):
        assert someone.api.get(org.path).status_code == 404
        assert [item["slug"] for item in someone.api.get("/orgs/").json()["items"]] == [someone.org]


def test_members_of_one_organization_are_not_found_in_another(org: Org, make_person: MakePerson) -> None:
    for method in ("patch", "delete"):
        arguments = [{"role": "viewer"}] if method == "patch" else []
        foreign = getattr(org.api, method)(f"{org.path}members/{org.stranger.slug}/", *arguments)
        unknown = getattr(org.api, method)(f"{org.path}members/nobody/", *arguments)
        assert foreign.status_code == unknown.status_code == 404
        assert told(foreign) == told(unknown)


def test_an_invitation_of_another_organization_is_not_found(org: Org, other_org: Org) -> None:
    invitation = invite(org, "guest@example.com").json()["id"]
    foreign = other_org.api.delete(f"/orgs/other/invitations/{invitation}/")
    unknown = other_org.api.delete(f"/orgs/other/invitations/{NOBODY}/")
    assert foreign.status_code == unknown.status_code == 404
    assert told(foreign) == told(unknown)


@pytest.mark.parametrize("slug", ["me", "members", "accept", "%2e%2e", "%00", "%ff", "a" * 300, "💥", "1", "-1"])
def test_strange_slugs_are_not_found(org: Org, slug: str) -> None:
    assert org.api.get(f"/orgs/{slug}/").status_code == 404
    assert org.api.get(f"/orgs/{slug}/members/").status_code == 404
    assert org.api.patch(f"{org.path}members/{slug}/", {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize("part", ["1", "abc", NOBODY.replace("-", ""), NOBODY.upper().replace("0", "A")])
def test_an_invitation_id_is_a_lower_case_uuid(org: Org, part: str) -> None:
    assert org.api.delete(f"{org.path}invitations/{part}/").status_code == 404
