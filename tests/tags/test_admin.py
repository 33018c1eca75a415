"""Tags in Django's admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.models import Tag
from tests.org import Org

ADMIN = "/admin/orgkit_tags/tag/"


def _add(browser: Client, org: Org, name: str, slug: str = "") -> Any:
    return browser.post(f"{ADMIN}add/", {"organization": org.row.pk, "name": name, "slug": slug, "color": ""})


@pytest.mark.parametrize("again", ["VIP", "vip", " \uff56\uff49\uff50 "])
def test_a_name_taken_in_another_spelling_is_reported_as_taken(admin_client: Client, org: Org, again: str) -> None:
    org.add_tag("VIP")
    response = _add(admin_client, org, again, "other")
    assert response.status_code == 200
    assert "A tag with this name already exists" in response.content.decode()
    assert Tag.objects.count() == 1


def test_a_tag_is_not_renamed_to_another_one(admin_client: Client, org: Org) -> None:
    org.add_tag("VIP")
    lead = org.add_tag("Lead")["id"]
    for name, status in (("vip", 200), ("LEAD", 302)):
        response = admin_client.post(f"{ADMIN}{lead}/change/", {"name": name, "slug": "lead", "color": ""})
        assert response.status_code == status
    assert Tag.objects.get(pk=lead).name == "LEAD"


def test_a_missing_slug_is_generated_and_a_taken_one_is_refused(admin_client: Client, org: Org) -> None:
    org.add_tag("C")
    assert _add(admin_client, org, "C++").status_code == 302
    assert Tag.objects.get(name="C++").slug.startswith("c-")
    assert _add(admin_client, org, "C#", "c").status_code == 200
    assert not Tag.objects.filter(name="C#").exists()


def test_a_tag_stays_in_its_organization(admin_client: Client, org: Org, other_org: Org) -> None:
    tag = org.add_tag("VIP")["id"]
    body = {"organization": other_org.row.pk, "name": "Very important", "slug": "vip", "color": ""}
    assert admin_client.post(f"{ADMIN}{tag}/change/", body).status_code == 302
    kept = Tag.objects.get(pk=tag)
    assert (kept.name, kept.organization.slug) == ("Very important", org.slug)


@pytest.mark.parametrize("term", ["größe", "grosse werke", "GRÖSSE"])
def test_tags_are_found_by_the_name_of_their_organization_in_any_spelling(
    admin_client: Client, org: Org, term: str
) -> None:
    organization = Organization.objects.get(slug=org.slug)
    organization.name = "Größe Werke"
    organization.save()
    org.add_tag("VIP")
    assert "1 tag" in admin_client.get(ADMIN, {"q": term}).content.decode()


def test_a_name_of_which_nothing_can_be_seen_is_refused(admin_client: Client, org: Org) -> None:
    assert _add(admin_client, org, "\u2800\u200b").status_code == 200
    assert not Tag.objects.exists()
