"""Who can see and change which contacts."""

from __future__ import annotations

from typing import Any

from pytest_django import Settings

from ninja_orgkit.contacts.models import Contact
from tests.client import Api, told
from tests.conftest import CountQueries
from tests.org import Org


def test_contacts_need_a_bearer_token(api: Api) -> None:
    for response in (
        api.get("/contacts/"),
        api.post("/contacts/", {}),
        api.get("/contacts/x/"),
        api.delete("/contacts/x/"),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_contact_of_another_organization_answers_like_an_unknown_one_with_the_same_queries(
    org: Org, count_queries: CountQueries
) -> None:
    foreign, stranger = org.add_contact("Ada")["slug"], org.stranger.api

    def answers(slug: str) -> list[tuple[int, Any, int]]:
        found = []
        for method, body in (("get", {}), ("put", {"display_name": "X"}), ("patch", {"notes": "x"}), ("delete", None)):
            with count_queries() as queries:
                send = getattr(stranger, method)
                response = send(f"/contacts/{slug}/") if not body else send(f"/contacts/{slug}/", body)
            found.append((response.status_code, told(response), len(queries)))
        with count_queries() as queries:
            response = stranger.delete(f"/contacts/{slug}/avatar/")
        return [*found, (response.status_code, told(response), len(queries))]

    assert answers(foreign) == answers("nobody-abcdefgh")
    assert {status for status, *_ in answers(foreign)} == {404}
    assert Contact.objects.get(slug=foreign).display_name == "Ada"


def test_creating_in_a_foreign_or_unknown_organization_is_not_found(org: Org) -> None:
    slugs = (org.slug, "nowhere", "", " ", "..", "1")
    answers = [org.stranger.api.post("/contacts/", {"organization": slug, "display_name": "Ada"}) for slug in slugs]
    assert answers[0].status_code == 404
    assert len(set(map(told, answers))) == 1


def test_a_viewer_can_read_contacts_but_not_change_them(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    viewer = org.add_member("viewer")
    assert viewer.api.get(f"/contacts/{slug}/").status_code == 200
    assert viewer.api.get("/contacts/", organization=org.slug).json()["count"] == 1
    refused = [
        viewer.api.post("/contacts/", {"organization": org.slug, "display_name": "X"}),
        viewer.api.put(f"/contacts/{slug}/", {"display_name": "X"}),
        viewer.api.patch(f"/contacts/{slug}/", {"notes": "x"}),
        viewer.api.delete(f"/contacts/{slug}/"),
        viewer.api.delete(f"/contacts/{slug}/avatar/"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}


def test_a_role_without_the_permission_to_read_contacts_sees_none(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"guest": ["org.read"]}}
    slug = org.add_contact("Ada")["slug"]
    guest = org.add_member("guest")
    assert guest.api.get("/contacts/").json()["items"] == []
    assert guest.api.get("/contacts/", organization=org.slug).status_code == 403
    assert guest.api.get(f"/contacts/{slug}/").status_code == 403


def test_a_member_who_left_no_longer_sees_the_contacts(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    bob = org.add_member("member")
    assert bob.api.get(f"/contacts/{slug}/").status_code == 200
    assert bob.api.delete(f"/orgs/acme/members/{bob.slug}/").status_code == 204
    assert bob.api.get(f"/contacts/{slug}/").status_code == 404
    assert bob.api.get("/contacts/").json()["items"] == []


def test_integer_keys_are_neither_shown_nor_accepted(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    key = Contact.objects.get(slug=slug).pk
    assert org.api.get(f"/contacts/{key}/").status_code == 404
    assert "id" not in org.api.get(f"/contacts/{slug}/").json()
    assert org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{key}/", {"tags": ["vip"]}).status_code == 404
