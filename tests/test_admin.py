"""The admin shows files, tells organizations apart, and stays fast in big tables."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image
from ninja_orgkit.organizations.models import Organization
from tests.client import count_queries
from tests.images.actions import add_rows, attach, contact_images_path
from tests.media.pictures import picture
from tests.org import MakePerson, Org, account_of

LISTS = (
    "orgkit/outboxmessage", "orgkit_accounts/account", "orgkit_accounts/session", "orgkit_organizations/organization",
    "orgkit_organizations/membership", "orgkit_organizations/invitation", "orgkit_contacts/contact", "orgkit_tags/tag",
    "orgkit_images/image", "orgkit_images/imageattachment", "orgkit_exports/exportjob", "orgkit_audit/event",
)  # fmt: skip


def _page(admin_client: Client, path: str, **query: str) -> str:
    answer = admin_client.get(f"/admin/{path}/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _grow(org: Org, make_person: MakePerson, count: int) -> None:
    """Add rows of every kind."""
    images = add_rows(org, count)
    contact = org.add_contact()
    attach(org, org.images_path_of(contact), *images)
    names = [f"{number} of {count}" for number in range(count)]
    assert org.api.post(org.tags_path_of(contact), {"tags": names}).status_code == 200
    for number in range(count):
        person = make_person()
        org.row.memberships.create(account=account_of(person), role="member")
        org.api.post(f"{org.path}invitations/", {"email": f"guest-{count}-{number}@example.com", "role": "member"})
        org.api.post("/contacts/", {"organization": "acme", "display_name": "Grace"})
        ExportJob.objects.create(organization=org.row, status="failed", lease_until=timezone.now())


@pytest.mark.slow
def test_every_list_takes_as_many_statements_for_many_rows_as_for_few(
    org: Org, admin_client: Client, make_person: MakePerson, settings: Any
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    _grow(org, make_person, 2)
    numbers = {}
    for path in LISTS:
        _page(admin_client, path)
        with count_queries() as few:
            _page(admin_client, path)
        numbers[path] = len(few)
    _grow(org, make_person, 25)
    for path in LISTS:
        with count_queries() as many:
            _page(admin_client, path)
        assert (path, len(many)) == (path, numbers[path])


@pytest.mark.parametrize("path", LISTS)
def test_no_list_reads_a_whole_table(org: Org, admin_client: Client, path: str) -> None:
    with count_queries() as statements:
        _page(admin_client, path)
    counts = [found["sql"] for found in statements.captured_queries if "COUNT(*)" in found["sql"]]
    assert counts
    assert [sql for sql in counts if "LIMIT 10000" not in sql] == []
    assert [found["sql"] for found in statements.captured_queries if "DISTINCT" in found["sql"]] == []


def test_images_show_thumbnails_and_link_to_their_files(
    org: Org, admin_client: Client, run_outbox: Any, media_root: Any
) -> None:
    uploaded = org.api.upload(org.images_path, file=picture(), title="Grace").json()
    assert "/api/v1/media/" not in _page(admin_client, "orgkit_images/image")
    run_outbox()
    image = Image.objects.get(pk=uploaded["id"])
    shown = _page(admin_client, "orgkit_images/image")
    assert shown.count('<img src="http://testserver/api/v1/media/') == 1
    form = _page(admin_client, f"orgkit_images/image/{image.pk}/change")
    links = [part.partition('"')[0] for part in form.split('href="http://testserver')[1:]]
    assert len(links) == 2 + len(image.renditions)
    for link in links:
        with closing(Client().get(link)) as answer:
            assert answer.status_code == 200
    assert image.file not in form


def test_people_and_contacts_show_their_avatars(org: Org, admin_client: Client, media_root: Any) -> None:
    contact = org.add_contact("Ada")["slug"]
    for path in ("/users/avatar", f"/contacts/{contact}/avatar/"):
        assert org.api.upload(path, file=picture()).status_code == 200
    for path in ("orgkit_accounts/account", "orgkit_contacts/contact"):
        assert _page(admin_client, path).count('<img src="http://testserver/api/v1/media/') == 1


def test_an_organization_shows_its_logo(org: Org, admin_client: Client) -> None:
    path = f"orgkit_organizations/organization/{org.row.pk}/change"
    assert "<img" not in _page(admin_client, path)
    assert org.api.upload(f"{org.path}logo/", file=picture()).status_code == 200
    assert _page(admin_client, path).count('<img src="http://testserver/api/v1/media/') == 1


def test_an_export_shows_its_progress_and_a_link_while_it_can_be_downloaded(org: Org, admin_client: Client) -> None:
    now = timezone.now()
    job = ExportJob.objects.create(organization=org.row, status="running", done=1, total=4, lease_until=now)
    shown = _page(admin_client, "orgkit_exports/exportjob")
    assert "1 of 4 (25 %)" in shown
    assert "Download" not in shown
    for expires_at, links in ((now + timedelta(days=1), 1), (now - timedelta(days=1), 0)):
        ExportJob.objects.filter(pk=job.pk).update(status="ready", file="exports/x.zip", expires_at=expires_at)
        for path in ("orgkit_exports/exportjob", f"orgkit_exports/exportjob/{job.pk}/change"):
            assert _page(admin_client, path).count(">Download</a>") == links


def test_attachments_are_filtered_by_registered_models_only(org: Org, admin_client: Client) -> None:
    attach(org, contact_images_path(org), *add_rows(org, 1))
    shown = _page(admin_client, "orgkit_images/imageattachment")
    assert "?model=contacts/contact" in shown.replace("%2F", "/")
    assert "log entry" not in shown
    assert "1 image attachment" in _page(admin_client, "orgkit_images/imageattachment", model="contacts/contact")
    assert "0 image attachments" in _page(admin_client, "orgkit_images/imageattachment", model="shop/product")


def test_images_and_members_are_filtered_by_known_values(org: Org, admin_client: Client) -> None:
    add_rows(org, 1)
    found = str(Image.objects.get().format)
    assert "1 image" in _page(admin_client, "orgkit_images/image", format=found)
    assert "0 images" in _page(admin_client, "orgkit_images/image", format="avif")
    assert "1 membership" in _page(admin_client, "orgkit_organizations/membership", role="owner", q="acme")
    assert "0 memberships" in _page(admin_client, "orgkit_organizations/membership", role="viewer", q="acme")


def test_personal_organizations_are_told_apart_by_their_owners(org: Org, admin_client: Client) -> None:
    home = Organization.objects.get(slug=org.owner.org)
    username = account_of(org.owner).username
    shown = f"{home.name} ({username})"
    assert username in _page(admin_client, "orgkit_organizations/organization", q=username)
    assert shown in _page(admin_client, "orgkit_organizations/membership")
    query = {
        "app_label": "orgkit_organizations",
        "model_name": "membership",
        "field_name": "organization",
        "term": username,
    }
    found = admin_client.get("/admin/autocomplete/", query).json()["results"]
    assert [item["text"] for item in found] == [shown]


def test_deactivating_the_last_active_owner_is_possible_and_warned_of(org: Org, admin_client: Client) -> None:
    other = org.add_member("owner")
    for person, warned in ((other, False), (org.owner, True)):
        user = get_user_model().objects.get(pk=account_of(person).pk)
        form = {"username": user.get_username(), "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
        answer = admin_client.post(f"/admin/auth/user/{user.pk}/change/", form, follow=True)
        user.refresh_from_db()
        assert user.is_active is False
        assert ("No active owner: acme." in answer.content.decode()) is warned
