"""What goes with an organization, and what an export names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import export_kinds
from ninja_orgkit.tags.models import Tag, TagAssignment
from ninja_orgkit.tags.rows import OrgkitTagAssignmentRow
from tests.client import Person
from tests.contacts.test_avatars import stored, upload


def rows(kind: str, organization: str) -> list[Any]:
    """Return the rows of a kind as an export reads them."""
    found = next(item for item in export_kinds() if item.kind == kind)
    return list(found.rows(Organization.objects.get(slug=organization)))


def test_a_deleted_organization_leaves_no_contact_tag_link_or_file(
    ann: Person, make: Any, register: Any, run_outbox: Any, media_root: Path
) -> None:
    bob = register()
    kept = make(bob, "Kept")["slug"]
    bob.api.post(f"/orgs/{bob.org}/tags/contacts/contact/{kept}/", ["vip"])
    ann.api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    for name in ("Ada", "Bo", "Cy"):
        slug = make(ann, name, organization="acme")["slug"]
        ann.api.post(f"/orgs/acme/tags/contacts/contact/{slug}/", ["vip", name])
        upload(ann, slug)
    assert len(stored(media_root)) == 6
    assert ann.api.delete("/orgs/acme/?confirm=acme").status_code == 204
    assert ann.api.get(f"/contacts/{slug}/").status_code == 404
    run_outbox()
    assert list(Contact.objects.values_list("slug", flat=True)) == [kept]
    assert (Tag.objects.count(), TagAssignment.objects.count()) == (1, 1)
    assert stored(media_root) == []
    assert not Organization.objects.filter(slug="acme").exists()


def test_assignments_are_exported_by_public_names_and_only_the_organizations_own(
    ann: Person, make: Any, register: Any
) -> None:
    bob = register()
    for person in (ann, bob):
        slug = make(person, "Ada")["slug"]
        person.api.post(f"/orgs/{person.org}/tags/contacts/contact/{slug}/", ["vip", "日本"])
    slug = Contact.objects.get(organization__slug=ann.org).slug
    target = {"app_label": "contacts", "model": "contact", "obj_id": slug}
    links = [OrgkitTagAssignmentRow.model_validate(row).model_dump() for row in rows("tag_assignments", ann.org)]
    assert links == [{"tag": "vip", **target}, {"tag": "日本", **target}]
    assert [tag.name for tag in rows("tags", ann.org)] == ["vip", "日本"]
    assert [contact.slug for contact in rows("contacts", ann.org)] == [slug]
