"""The guides about calling the kit and reacting to it do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit import services
from ninja_orgkit.custom.hooks import HOOK_NAMES
from ninja_orgkit.errors import Forbidden
from ninja_orgkit.signals import contact_changed, member_added
from tests.calling.listening import ALL
from tests.calling.test_contents import png
from tests.docs.pages import DOCS, blocks
from tests.org import MakePerson, Org, account_of

CALLING, REACTING = DOCS / "guides" / "calling.md", DOCS / "guides" / "reacting.md"


def run(page: Path, name: str) -> dict[str, Any]:
    """Run the snippet of a page that has this text, and return its names."""
    (text,) = (text for text in blocks(page, "python") if name in text)
    names: dict[str, Any] = {"__name__": "host.code"}
    exec(text, names)
    return names


def test_a_workspace_is_opened_as_the_guide_shows(make_person: MakePerson) -> None:
    ada = account_of(make_person("ada"))
    organization = run(CALLING, "open_workspace")["open_workspace"](ada.user, "Acme")
    (contact,) = organization.contacts.all()
    assert (organization.custom, contact.display_name, contact.creator) == ({"plan": "trial"}, "Grace Hopper", ada)
    assert [tag.name for tag in services.tags_of(contact)] == ["lead", "VIP"]


def test_somebody_is_promoted_as_the_guide_shows(org: Org) -> None:
    promote = run(CALLING, "promote")["promote"]
    owner, viewer, bob = (account_of(org.owner), *(account_of(org.add_member("viewer")) for _ in range(2)))
    assert promote(org.row, viewer.user, bob.user) == "forbidden"
    assert promote(org.row, owner.user, bob.user) == "done"
    assert org.row.memberships.get(account=bob).role == "admin"


def test_a_picture_and_a_merge_work_as_the_guide_shows(org: Org, tmp_path: Path) -> None:
    path = tmp_path / "portrait.png"
    path.write_bytes(png().read())
    first, second = (services.create_contact(org.row, display_name=name, notes=name) for name in ("Ann", "Bo"))
    url = run(CALLING, "show_picture")["show_picture"](org.row, first, path)
    assert "/media/" in url
    services.assign_tags(second, ["VIP"])
    run(CALLING, "def merge")["merge"](org.row, first, second)
    first.refresh_from_db()
    assert first.notes == "Ann\nBo"
    assert [tag.name for tag in services.tags_of(first)] == ["VIP"]


@pytest.mark.django_db(transaction=True)
def test_receivers_hear_what_the_guide_says(org: Org) -> None:
    owner, bob = account_of(org.owner), account_of(org.stranger)
    names = run(REACTING, "@receiver")
    try:
        services.add_member(org.row, bob, role="member", by=owner)
        contact = services.create_contact(org.row, display_name="Grace")
        services.update_contact(contact, phone="123")
    finally:
        member_added.disconnect(names["welcome"])
        contact_changed.disconnect(names["note_changes"])
    assert names["welcomed"] == [(bob.username, "acme", owner.username)]
    assert names["log"] == [(contact.slug, {"phone": {"old": "", "new": "123"}})]


def test_the_hooks_of_the_guide_refuse(org: Org) -> None:
    names = run(REACTING, "OutOfSeats")
    organization = services.update_organization(org.row, custom={"seats": 1})
    with pytest.raises(names["OutOfSeats"]) as caught:
        names["check_seats"](request=None, organization=organization, account=None, role="member", by=None)
    assert (caught.value.code, caught.value.status) == ("out_of_seats", 409)
    with pytest.raises(Forbidden):
        names["check_domain"](request=None, email="ada@elsewhere.example", username="")
    names["check_domain"](request=None, email="ada@example.com", username="")


def test_the_guide_lists_all_signals_and_hooks() -> None:
    text = REACTING.read_text()
    assert [name for name in (*ALL, *HOOK_NAMES) if f"`{name}`" not in text] == []
