"""What goes with an organization, and with a member of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete
from django.utils import timezone

from ninja_orgkit import registry
from ninja_orgkit.database.attachments import target_of
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations import tasks
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.services import organizations
from ninja_orgkit.tags.models import Tag, TagAssignment
from shop.models import Product, Shop
from tests.client import count_queries
from tests.conftest import CountQueries, RunOutbox
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, roles_in
from tests.rows import insert


def test_deleting_an_organization_leaves_no_row(org: Org, run_outbox: RunOutbox) -> None:
    invite(org, "guest@example.com")
    Product.objects.bulk_create(
        Product(shop=Shop.objects.create(organization=org.row, name="Corner"), sku=f"s{number}", name="x", price=1)
        for number in range(3)
    )
    assert org.api.delete(f"{org.path}?confirm=acme").status_code == 204
    run_outbox()
    assert not Organization.objects.filter(slug="acme").exists()
    assert not Membership.objects.filter(organization__slug="acme").exists()
    assert not Invitation.objects.exists()
    assert not Product.objects.exists()
    assert not Shop.objects.exists()


def test_rows_of_a_host_are_purged_in_batches(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organizations, "BATCH", 2)
    shop = Shop.objects.create(organization=org.row, name="Corner")
    Product.objects.bulk_create(Product(shop=shop, sku=f"s{number}", name="x", price=1) for number in range(5))
    other = Shop.objects.create(organization=Organization.objects.get(slug=org.owner.org), name="Other")
    Product.objects.create(shop=other, sku="kept", name="x", price=1)
    organizations.close_organization(org.row)
    organizations.purge_organization(org.row)
    assert list(Product.objects.values_list("sku", flat=True)) == ["kept"]


def _pictured_products(organization: Organization, how_many: int) -> Any:
    """Make products of an organization, each with a tag and an image as its cover, and return them."""
    shop = Shop.objects.create(organization=organization, name="Corner")
    products = insert(Product(shop=shop, sku=f"s{number}", name="x", price=1) for number in range(how_many))
    tag = Tag.objects.create(organization=organization, name="sale")
    image = Image.objects.create(
        organization=organization, format="png", width=1, height=1, size=1, sha256="0" * 64, file="images/x.png"
    )
    for product in products:
        target = target_of(product)
        TagAssignment.objects.create(tag=tag, **target)
        link = ImageAttachment(image=image, **target)
        link.cover_of = link.target_key
        link.save()
    return products


def _purged(organization: Organization) -> int:
    """Close an organization, purge it, and return how many statements that took."""
    organizations.close_organization(organization)
    with count_queries() as queries:
        organizations.purge_organization(organization)
    assert not any(kind.objects.exists() for kind in (Product, TagAssignment, ImageAttachment, Tag, Image))
    return len(queries)


def test_purging_many_objects_runs_no_more_statements_than_purging_a_few(org: Org, make_person: MakePerson) -> None:
    _pictured_products(org.row, 5)
    few = _purged(org.row)
    other = Organization.objects.get(slug=make_person().org)
    _pictured_products(other, 50)
    assert _purged(other) <= few


def test_a_purge_sends_the_post_delete_signals_of_a_host(org: Org) -> None:
    skus = []

    def note(sender: Any, instance: Product, **kwargs: Any) -> None:
        skus.append(instance.sku)

    _pictured_products(org.row, 3)
    post_delete.connect(note, sender=Product)
    try:
        _purged(org.row)
    finally:
        post_delete.disconnect(note, sender=Product)
    assert sorted(skus) == ["s0", "s1", "s2"]


def test_deleting_an_object_with_many_images_does_not_choose_a_new_cover(org: Org, count_queries: CountQueries) -> None:
    (product,) = _pictured_products(org.row, 1)
    for number in range(5):
        image = Image.objects.all()[0]
        image.pk, image.sha256 = None, str(number + 1) * 64
        image.save(force_insert=True)
        ImageAttachment.objects.create(image=image, position=number + 1, **target_of(product))
    with count_queries() as queries:
        product.delete()
    assert not ImageAttachment.objects.exists()
    assert not [item for item in queries if item["sql"].startswith("UPDATE")]
    assert len(queries) <= 4


def test_the_slug_of_a_deleted_organization_stays_taken_until_its_rows_are_gone(
    org: Org, run_outbox: RunOutbox
) -> None:
    org.api.delete(f"{org.path}?confirm=acme")
    body = {"name": "Acme", "slug": "acme"}
    assert org.api.post("/orgs/", body).status_code == 409
    run_outbox()
    assert org.api.post("/orgs/", body).status_code == 201


def test_a_purge_can_run_twice(org: Org, run_outbox: RunOutbox) -> None:
    other = org.owner.org
    org.api.delete(f"{org.path}?confirm=acme")
    for _ in range(2):
        tasks.purge_organization("acme")
    tasks.purge_organization(other)
    assert Organization.objects.filter(slug=other).exists()


def test_a_lost_purge_is_queued_again(org: Org, run_outbox: RunOutbox) -> None:
    org.api.delete(f"{org.path}?confirm=acme")
    OutboxMessage.objects.all().delete()
    tasks.purge_deleted()
    assert run_outbox() == 1
    assert not Organization.objects.filter(slug="acme").exists()


def test_queuing_six_purges_runs_as_many_statements_as_queuing_one(
    make_person: MakePerson, count_queries: CountQueries
) -> None:
    homes = [Organization.objects.get(slug=make_person().org) for _ in range(6)]
    Organization.objects.filter(pk=homes[0].pk).update(deleted_at=timezone.now())
    with count_queries() as one:
        tasks.purge_deleted()
    Organization.objects.update(deleted_at=timezone.now())
    with count_queries() as six:
        tasks.purge_deleted()
    assert len(six) == len(one)
    purges = OutboxMessage.objects.filter(task=organizations.PURGE)
    assert {message.kwargs["organization"] for message in purges} == {home.slug for home in homes}


def test_deleting_an_organization_twice_is_not_found(org: Org) -> None:
    row = org.row
    organizations.delete_organization(row)
    with pytest.raises(NotFound):
        organizations.delete_organization(row)
    with pytest.raises(NotFound):
        organizations.update_organization(row, name="Late")


def test_deleting_a_user_deletes_their_personal_organization(make_person: MakePerson, run_outbox: RunOutbox) -> None:
    ada = make_person("ada")
    get_user_model().objects.get(username="ada").delete()
    assert not Organization.objects.filter(slug=ada.org, deleted_at=None).exists()
    run_outbox()
    assert not Organization.objects.filter(slug=ada.org).exists()


def test_deleting_users_in_bulk_deletes_their_personal_organizations(
    make_person: MakePerson, run_outbox: RunOutbox
) -> None:
    for _ in range(3):
        make_person()
    get_user_model().objects.all().delete()
    run_outbox()
    assert not Organization.objects.exists()


def test_deleting_a_member_leaves_the_organization_to_the_others(org: Org, run_outbox: RunOutbox) -> None:
    ada = org.add_member("member")
    account_of(ada).user.delete()
    run_outbox()
    assert roles_in(org) == {org.owner.slug: "owner"}


def test_an_invitation_outlives_the_account_of_its_sender(org: Org) -> None:
    admin = org.add_member("admin")
    invite(org, "guest@example.com", by=admin)
    account_of(admin).user.delete()
    item = org.api.get(f"{org.path}invitations/").json()["items"][0]
    assert (item["email"], item["invited_by"]) == ("guest@example.com", None)


def test_the_name_of_a_personal_organization_is_cut_to_fit(db: None) -> None:
    user = get_user_model().objects.create_user("long", first_name="x" * 150, last_name="y" * 150)
    assert len(user.orgkit_account.personal_organization.name) == 255


def test_every_registered_kind_is_purged_before_the_organization_itself() -> None:
    kinds = [resource.model for resource in organizations.purgeable()]
    assert Organization not in kinds
    assert {resource.model for resource in registry.resources()} >= set(kinds)
    ours = [kind.__module__.startswith("ninja_orgkit.") for kind in kinds]
    assert ours == sorted(ours)
