"""Tags in Django's admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.models import Tag
from tests.tags.conftest import Shelf

ADMIN = "/admin/orgkit_tags/tag/"


def _add(browser: Client, shelf: Shelf, name: str, slug: str = "") -> Any:
    return browser.post(f"{ADMIN}add/", {"organization": shelf.row.pk, "name": name, "slug": slug, "color": ""})


@pytest.mark.parametrize("again", ["VIP", "vip", " \uff56\uff49\uff50 "])
def test_a_name_that_is_taken_in_any_spelling_is_said_to_be(admin_client: Client, shelf: Shelf, again: str) -> None:
    shelf.add("VIP")
    response = _add(admin_client, shelf, again, "other")
    assert response.status_code == 200
    assert "A tag with this name already exists" in response.content.decode()
    assert Tag.objects.count() == 1


def test_a_tag_is_not_renamed_to_another_one(admin_client: Client, shelf: Shelf) -> None:
    shelf.add("VIP")
    lead = shelf.add("Lead")["id"]
    for name, status in (("vip", 200), ("LEAD", 302)):
        response = admin_client.post(f"{ADMIN}{lead}/change/", {"name": name, "slug": "lead", "color": ""})
        assert response.status_code == status
    assert Tag.objects.get(pk=lead).name == "LEAD"


def test_a_slug_that_is_not_given_is_made_and_one_that_is_taken_is_refused(admin_client: Client, shelf: Shelf) -> None:
    shelf.add("C")
    assert _add(admin_client, shelf, "C++").status_code == 302
    assert Tag.objects.get(name="C++").slug.startswith("c-")
    assert _add(admin_client, shelf, "C#", "c").status_code == 200
    assert not Tag.objects.filter(name="C#").exists()


def test_a_tag_stays_in_its_organization(admin_client: Client, shelf: Shelf, foreign: Shelf) -> None:
    tag = shelf.add("VIP")["id"]
    body = {"organization": foreign.row.pk, "name": "Very important", "slug": "vip", "color": ""}
    assert admin_client.post(f"{ADMIN}{tag}/change/", body).status_code == 302
    kept = Tag.objects.get(pk=tag)
    assert (kept.name, kept.organization.slug) == ("Very important", shelf.org)


@pytest.mark.parametrize("term", ["größe", "grosse werke", "GRÖSSE"])
def test_tags_are_found_by_their_organizations_name_in_any_spelling(
    admin_client: Client, shelf: Shelf, term: str
) -> None:
    organization = Organization.objects.get(slug=shelf.org)
    organization.name = "Größe Werke"
    organization.save()
    shelf.add("VIP")
    assert "1 tag" in admin_client.get(ADMIN, {"q": term}).content.decode()
