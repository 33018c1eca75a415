"""Every promised route of the API exists, and the page that lists the routes is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import Register
from tests.protocol.document import PATHS
from tests.protocol.problems import filled

PROMISED = """
POST /token/pair
POST /token/refresh
POST /token/verify
POST /auth/register
POST /auth/logout
DELETE /auth/delete
POST /auth/change-password
PATCH /auth/email
GET /auth/email/verify
POST /auth/password-reset/request
POST /auth/password-reset/confirm
GET /users/me
PATCH /users/me
POST /users/avatar
DELETE /users/avatar
GET /users/check_username
GET /contacts/
POST /contacts/
GET /contacts/{slug}/
PUT /contacts/{slug}/
PATCH /contacts/{slug}/
DELETE /contacts/{slug}/
POST /contacts/{slug}/avatar/
DELETE /contacts/{slug}/avatar/
GET /orgs/{org_slug}/tags/
POST /orgs/{org_slug}/tags/
PATCH /orgs/{org_slug}/tags/{tag_id}/
DELETE /orgs/{org_slug}/tags/{tag_id}/
POST /orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/
DELETE /orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/{slug}/
POST /images/orgs/{org_slug}/images/
GET /images/orgs/{org_slug}/images/
GET /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/
PATCH /images/orgs/{org_slug}/images/{image_id}/
DELETE /images/orgs/{org_slug}/images/{image_id}/
POST /images/orgs/{org_slug}/bulk-upload/
POST /images/orgs/{org_slug}/bulk-delete/
POST /images/orgs/{org_slug}/attach/
POST /images/orgs/{org_slug}/detach/
POST /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/bulk_attach/
POST /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/bulk_detach/
POST /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/
POST /orgs/{org_slug}/export/
GET /health
"""

AROUND = """
GET /auth/sessions
PATCH /auth/sessions/{session_id}
DELETE /auth/sessions/{session_id}
POST /auth/logout-all
GET /auth/delete/preview
POST /auth/email/resend
GET /orgs/
POST /orgs/
GET /orgs/{org_slug}/
PATCH /orgs/{org_slug}/
DELETE /orgs/{org_slug}/
GET /orgs/{org_slug}/me/
GET /orgs/{org_slug}/roles/
POST /orgs/{org_slug}/transfer/
POST /orgs/{org_slug}/logo/
DELETE /orgs/{org_slug}/logo/
GET /orgs/{org_slug}/members/
GET /orgs/{org_slug}/members/{user_slug}/
PATCH /orgs/{org_slug}/members/{user_slug}/
DELETE /orgs/{org_slug}/members/{user_slug}/
GET /orgs/{org_slug}/invitations/
POST /orgs/{org_slug}/invitations/
POST /orgs/{org_slug}/invitations/bulk/
GET /orgs/{org_slug}/invitations/{invitation_id}/
PATCH /orgs/{org_slug}/invitations/{invitation_id}/
DELETE /orgs/{org_slug}/invitations/{invitation_id}/
GET /orgs/{org_slug}/api-keys/
POST /orgs/{org_slug}/api-keys/
GET /orgs/{org_slug}/api-keys/{key_id}/
PATCH /orgs/{org_slug}/api-keys/{key_id}/
DELETE /orgs/{org_slug}/api-keys/{key_id}/
POST /orgs/{org_slug}/invitations/{invitation_id}/resend/
GET /invitations/
POST /invitations/preview
POST /invitations/accept
POST /invitations/decline
POST /invitations/{invitation_id}/accept
POST /invitations/{invitation_id}/decline
GET /orgs/{org_slug}/tags/{tag_id}/
GET /orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/
GET /images/orgs/{org_slug}/images/{image_id}/
PATCH /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/{image_id}/
DELETE /images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/{image_id}/
GET /orgs/{org_slug}/audit/
GET /users/me/security-events
GET /orgs/{org_slug}/export/
GET /orgs/{org_slug}/export/{job_id}/
DELETE /orgs/{org_slug}/export/{job_id}/
GET /exports/download
GET /media/{token}
"""


def _lines(text: str) -> list[tuple[str, str]]:
    return [(method, path) for method, path in (line.split() for line in text.split("\n") if line)]


def _documented() -> dict[tuple[str, str], str]:
    """Return the operation id of every route in the OpenAPI document."""
    methods = ("get", "post", "put", "patch", "delete")
    return {
        (method.upper(), path): operations[method]["operationId"]
        for path, operations in PATHS.items()
        for method in methods
        if method in operations
    }


def test_every_promised_route_exists_at_exactly_this_method_and_path() -> None:
    assert set(_lines(PROMISED)) <= set(_documented())


def test_no_route_exists_that_is_not_listed_here() -> None:
    assert set(_documented()) == {*_lines(PROMISED), *_lines(AROUND)}


def test_every_operation_has_its_own_id() -> None:
    ids = list(_documented().values())
    assert sorted(ids) == sorted(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_operation_has_a_description() -> None:
    silent = [op["operationId"] for ops in PATHS.values() for op in ops.values() if not op.get("description")]
    assert silent == []


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), _lines(PROMISED) + _lines(AROUND))
def test_a_route_answers_to_its_method(register: Register, method: str, path: str) -> None:
    person = register()
    response = person.api.send(method, filled(path, "nowhere-22222222"))
    assert response.status_code < 500, response.content
    assert response.status_code != 405, response["Allow"]
    if response.status_code == 404:
        assert response.json()["code"] in ("not_found", "no_avatar", "not_assigned", "not_attached")


@pytest.mark.parametrize(("method", "path"), _lines(PROMISED))
def test_a_promised_route_is_found_by_its_url_alone(client: Client, method: str, path: str) -> None:
    url = filled(path, "nowhere-22222222")
    other = url.rstrip("/") if url.endswith("/") else f"{url}/"
    assert client.generic("TRACE", f"/api/v1{url}").status_code == 405
    # Django sends a client on to the URL with a slash; nothing is answered without it.
    assert client.generic("TRACE", f"/api/v1{other}").status_code in (301, 404)


def test_the_interactive_documentation_is_served_locally(client: Client) -> None:
    page = client.get(reverse("orgkit:openapi-view"))
    assert page.status_code == 200
    assert "https://" not in page.content.decode()


def test_the_page_of_routes_lists_every_route() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reference" / "routes.md").read_text()
    listed = re.findall(r"^\| ([A-Z]+) \| `/api/v1(/[^`]*)` \| `([a-z_]+)` \|", page, re.MULTILINE)
    assert {(method, path): name for method, path, name in listed} == _documented()
