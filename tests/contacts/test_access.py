"""Who may see and change which contacts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.contacts.models import Contact
from tests.client import Api, Person


def test_contacts_need_a_bearer_token(api: Api) -> None:
    for response in (
        api.get("/contacts/"),
        api.post("/contacts/", {}),
        api.get("/contacts/x/"),
        api.delete("/contacts/x/"),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_foreign_contact_answers_like_an_unknown_one_with_the_same_queries(
    ann: Person, register: Any, make: Any, count_queries: Any
) -> None:
    bob = register()
    foreign = make(ann, "Ada")["slug"]

    def answers(slug: str) -> list[tuple[int, bytes, int]]:
        found = []
        for method, body in (("get", {}), ("put", {"display_name": "X"}), ("patch", {"notes": "x"}), ("delete", None)):
            with count_queries() as queries:
                send = getattr(bob.api, method)
                response = send(f"/contacts/{slug}/") if not body else send(f"/contacts/{slug}/", body)
            found.append((response.status_code, response.content, len(queries)))
        with count_queries() as queries:
            response = bob.api.delete(f"/contacts/{slug}/avatar/")
        return [*found, (response.status_code, response.content, len(queries))]

    assert answers(foreign) == answers("nobody-abcdefgh")
    assert {status for status, *_ in answers(foreign)} == {404}
    assert Contact.objects.get(slug=foreign).display_name == "Ada"


def test_creating_in_a_foreign_or_unknown_organization_is_not_found(ann: Person, register: Any) -> None:
    bob = register()
    slugs = (ann.org, "nowhere", "", " ", "..", "1")
    answers = [bob.api.post("/contacts/", {"organization": slug, "display_name": "Ada"}) for slug in slugs]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_viewer_reads_and_may_not_write(ann: Person, join: Any, make: Any) -> None:
    slug = make(ann, "Ada")["slug"]
    viewer = join(ann.org, "viewer")
    assert viewer.api.get(f"/contacts/{slug}/").status_code == 200
    assert viewer.api.get("/contacts/", organization=ann.org).json()["count"] == 1
    refused = [
        viewer.api.post("/contacts/", {"organization": ann.org, "display_name": "X"}),
        viewer.api.put(f"/contacts/{slug}/", {"display_name": "X"}),
        viewer.api.patch(f"/contacts/{slug}/", {"notes": "x"}),
        viewer.api.delete(f"/contacts/{slug}/"),
        viewer.api.delete(f"/contacts/{slug}/avatar/"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}


def test_a_role_that_may_not_read_contacts_sees_none_of_them(ann: Person, join: Any, make: Any, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"guest": ["org.read"]}}
    slug = make(ann, "Ada")["slug"]
    guest = join(ann.org, "guest")
    assert guest.api.get("/contacts/").json()["items"] == []
    assert guest.api.get("/contacts/", organization=ann.org).status_code == 403
    assert guest.api.get(f"/contacts/{slug}/").status_code == 403


def test_one_who_left_sees_the_contacts_no_more(ann: Person, join: Any, make: Any) -> None:
    ann.api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    slug = make(ann, "Ada", organization="acme")["slug"]
    bob = join("acme")
    assert bob.api.get(f"/contacts/{slug}/").status_code == 200
    assert bob.api.delete(f"/orgs/acme/members/{bob.slug}/").status_code == 204
    assert bob.api.get(f"/contacts/{slug}/").status_code == 404
    assert bob.api.get("/contacts/").json()["items"] == []


def test_no_integer_key_is_in_an_answer_or_accepted(ann: Person, make: Any) -> None:
    slug = make(ann, "Ada")["slug"]
    key = Contact.objects.get(slug=slug).pk
    assert ann.api.get(f"/contacts/{key}/").status_code == 404
    assert "id" not in ann.api.get(f"/contacts/{slug}/").json()
    assert ann.api.post(f"/orgs/{ann.org}/tags/contacts/contact/{key}/", {"tags": ["vip"]}).status_code == 404
