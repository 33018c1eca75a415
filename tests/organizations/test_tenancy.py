from __future__ import annotations

import pytest

from tests.client import count_queries

NOBODY = "00000000-0000-4000-8000-000000000000"
ROUTES = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine now"}),
    ("DELETE", "?confirm={org}", None),
    ("GET", "members/", None),
    ("PATCH", "members/{owner}/", {"role": "viewer"}),
    ("DELETE", "members/{owner}/", None),
    ("GET", "invitations/", None),
    ("POST", "invitations/", {"email": "x@example.com", "role": "member"}),
    ("DELETE", "invitations/{invitation}/", None),
]


def _call(person, method, path, body):
    with count_queries() as queries:
        response = getattr(person.api, method.lower())(path, *([body] if body else []))
    return response.status_code, response.content, response["Content-Type"], [_shape(item["sql"]) for item in queries]


def _shape(sql):
    return sql.partition("WHERE")[0]


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_a_foreign_organization_and_none_at_all_answer_alike(team, person, method, rest, body):
    stranger = person()
    invitation = team.invite("guest@example.com").json()["id"]
    values = {"owner": team.owner.slug, "invitation": invitation}
    foreign = _call(stranger, method, f"/orgs/acme/{rest.format(org='acme', **values)}", body)
    unknown = _call(stranger, method, f"/orgs/nope/{rest.format(org='nope', **values)}", body)
    assert foreign == unknown
    assert foreign[0] == 404
    assert team.roles() == {team.owner.slug: "owner"}


def test_a_deleted_organization_is_gone_for_its_members_at_once(team, person):
    member = team.member("member")
    assert team.owner.api.delete(f"{team.path}?confirm=acme").status_code == 204
    for someone in (team.owner, member):
        assert someone.api.get(team.path).status_code == 404
        assert [item["slug"] for item in someone.api.get("/orgs/").json()["items"]] == [someone.org]


def test_members_of_one_organization_are_not_found_in_another(team, person):
    stranger = person()
    for method in ("patch", "delete"):
        arguments = [{"role": "viewer"}] if method == "patch" else []
        foreign = getattr(team.owner.api, method)(f"{team.path}members/{stranger.slug}/", *arguments)
        unknown = getattr(team.owner.api, method)(f"{team.path}members/nobody/", *arguments)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content


def test_an_invitation_of_another_organization_is_not_found(team, person):
    other = person()
    other.api.post("/orgs/", {"name": "Other", "slug": "other"})
    invitation = team.invite("guest@example.com").json()["id"]
    foreign = other.api.delete(f"/orgs/other/invitations/{invitation}/")
    unknown = other.api.delete(f"/orgs/other/invitations/{NOBODY}/")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content


@pytest.mark.parametrize("slug", ["me", "members", "accept", "%2e%2e", "%00", "%ff", "a" * 300, "💥", "1", "-1"])
def test_strange_slugs_are_simply_not_found(team, slug):
    assert team.owner.api.get(f"/orgs/{slug}/").status_code == 404
    assert team.owner.api.get(f"/orgs/{slug}/members/").status_code == 404
    assert team.owner.api.patch(f"{team.path}members/{slug}/", {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize("part", ["1", "abc", NOBODY.replace("-", ""), NOBODY.upper().replace("0", "A")])
def test_what_is_no_lower_case_uuid_is_no_invitation(team, part):
    assert team.owner.api.delete(f"{team.path}invitations/{part}/").status_code == 404
