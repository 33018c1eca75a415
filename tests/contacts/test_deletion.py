"""What is deleted with an organization, and what an export contains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import export_kinds
from ninja_orgkit.tags.models import Tag, TagAssignment
from ninja_orgkit.tags.rows import OrgkitTagAssignmentRow
from tests.conftest import RunOutbox
from tests.contacts.actions import upload_avatar
from tests.media.files import files_in
from tests.org import Org


def rows(kind: str, organization: str) -> list[Any]:
    """Return the rows of a kind as an export reads them."""
    found = next(item for item in export_kinds() if item.kind == kind)
    return list(found.rows(Organization.objects.get(slug=organization)))


def test_deleting_an_organization_leaves_no_contact_tag_link_or_file(
    org: Org, other_org: Org, run_outbox: RunOutbox, media_root: Path
) -> None:
    kept = other_org.add_contact("Kept")
    other_org.api.post(other_org.tags_path_of(kept), ["vip"])
    slugs = [org.add_contact(name)["slug"] for name in ("Ada", "Bo", "Cy")]
    for slug, name in zip(slugs, ("Ada", "Bo", "Cy"), strict=True):
        org.api.post(f"/orgs/acme/tags/contacts/contact/{slug}/", ["vip", name])
        upload_avatar(org.api, slug)
    assert len(files_in(media_root)) == 6
    assert org.api.delete("/orgs/acme/?confirm=acme").status_code == 204
    assert org.api.get(f"/contacts/{slugs[0]}/").status_code == 404
    run_outbox()
    assert list(Contact.objects.values_list("slug", flat=True)) == [kept["slug"]]
    assert (Tag.objects.count(), TagAssignment.objects.count()) == (1, 1)
    assert files_in(media_root) == []
    assert not Organization.objects.filter(slug="acme").exists()


def test_an_export_lists_the_assignments_of_one_organization_by_public_names(org: Org, other_org: Org) -> None:
    for each in (org, other_org):
        each.api.post(each.tags_path_of(each.add_contact("Ada")), ["vip", "日本"])
    slug = Contact.objects.get(organization__slug=org.slug).slug
    target = {"app_label": "contacts", "model": "contact", "obj_id": slug}
    links = [OrgkitTagAssignmentRow.model_validate(row).model_dump() for row in rows("tag_assignments", org.slug)]
    assert links == [{"tag": "vip", **target}, {"tag": "日本", **target}]
    assert [tag.name for tag in rows("tags", org.slug)] == ["vip", "日本"]
    assert [contact.slug for contact in rows("contacts", org.slug)] == [slug]
