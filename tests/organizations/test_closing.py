from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete
from django.utils import timezone

from ninja_orgkit import registry
from ninja_orgkit.database.attachments import target_of
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations import tasks
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.services import organizations
from ninja_orgkit.tags.models import Tag, TagAssignment
from shop.models import Product, Shop
from tests.client import count_queries
from tests.organizations.conftest import account_of


def test_a_deleted_organization_leaves_no_row(team, run_outbox):
    team.invite("guest@example.com")
    Product.objects.bulk_create(
        Product(shop=Shop.objects.create(organization=team.row, name="Corner"), sku=f"s{number}", name="x", price=1)
        for number in range(3)
    )
    assert team.owner.api.delete(f"{team.path}?confirm=acme").status_code == 204
    run_outbox()
    assert not Organization.objects.filter(slug="acme").exists()
    assert not Membership.objects.filter(organization__slug="acme").exists()
    assert not Invitation.objects.exists()
    assert not Product.objects.exists()
    assert not Shop.objects.exists()


def test_what_a_host_has_goes_in_batches(team, monkeypatch):
    monkeypatch.setattr(organizations, "BATCH", 2)
    shop = Shop.objects.create(organization=team.row, name="Corner")
    Product.objects.bulk_create(Product(shop=shop, sku=f"s{number}", name="x", price=1) for number in range(5))
    other = Shop.objects.create(organization=Organization.objects.get(slug=team.owner.org), name="Other")
    Product.objects.create(shop=other, sku="kept", name="x", price=1)
    organizations.close(team.row)
    organizations.purge(team.row)
    assert list(Product.objects.values_list("sku", flat=True)) == ["kept"]


def _pictured_products(organization, how_many):
    """Make products of an organization, each with a tag and an image as its cover, and return them."""
    shop = Shop.objects.create(organization=organization, name="Corner")
    products = [Product(shop=shop, sku=f"s{number}", name="x", price=1) for number in range(how_many)]
    Product.objects.bulk_create(products)
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


def _purged(organization):
    """Close an organization, purge it, and return how many statements that took."""
    organizations.close(organization)
    with count_queries() as queries:
        organizations.purge(organization)
    assert not any(kind.objects.exists() for kind in (Product, TagAssignment, ImageAttachment, Tag, Image))
    return len(queries)


def test_purging_many_objects_takes_as_many_statements_as_purging_a_few(team, person):
    _pictured_products(team.row, 5)
    few = _purged(team.row)
    other = Organization.objects.get(slug=person().org)
    _pictured_products(other, 50)
    assert _purged(other) <= few


def test_what_a_host_does_when_an_object_goes_is_done_in_a_purge_too(team):
    skus = []

    def note(sender, instance, **kwargs):
        skus.append(instance.sku)

    _pictured_products(team.row, 3)
    post_delete.connect(note, sender=Product)
    try:
        _purged(team.row)
    finally:
        post_delete.disconnect(note, sender=Product)
    assert sorted(skus) == ["s0", "s1", "s2"]


def test_deleting_an_object_with_many_images_looks_for_no_new_cover(team, count_queries):
    (product,) = _pictured_products(team.row, 1)
    for number in range(5):
        image = Image.objects.first()
        image.pk, image.sha256 = None, str(number + 1) * 64
        image.save(force_insert=True)
        ImageAttachment.objects.create(image=image, position=number + 1, **target_of(product))
    with count_queries() as queries:
        product.delete()
    assert not ImageAttachment.objects.exists()
    assert not [item for item in queries if item["sql"].startswith("UPDATE")]
    assert len(queries) <= 4


def test_the_slug_of_a_deleted_organization_stays_taken_until_its_rows_are_gone(team, run_outbox):
    team.owner.api.delete(f"{team.path}?confirm=acme")
    body = {"name": "Acme", "slug": "acme"}
    assert team.owner.api.post("/orgs/", body).status_code == 409
    run_outbox()
    assert team.owner.api.post("/orgs/", body).status_code == 201


def test_a_purge_that_runs_twice_does_no_harm(team, run_outbox):
    other = team.owner.org
    team.owner.api.delete(f"{team.path}?confirm=acme")
    for _ in range(2):
        tasks.purge_organization("acme")
    tasks.purge_organization(other)
    assert Organization.objects.filter(slug=other).exists()


def test_a_purge_that_was_lost_is_asked_for_again(team, run_outbox):
    team.owner.api.delete(f"{team.path}?confirm=acme")
    OutboxMessage.objects.all().delete()
    tasks.purge_deleted()
    assert run_outbox() == 1
    assert not Organization.objects.filter(slug="acme").exists()


def test_purges_are_asked_for_in_as_many_statements_however_many_there_are(person, count_queries):
    homes = [Organization.objects.get(slug=person().org) for _ in range(6)]
    Organization.objects.filter(pk=homes[0].pk).update(deleted_at=timezone.now())
    with count_queries() as one:
        tasks.purge_deleted()
    Organization.objects.update(deleted_at=timezone.now())
    with count_queries() as six:
        tasks.purge_deleted()
    assert len(six) == len(one)
    purges = OutboxMessage.objects.filter(task=organizations.PURGE)
    assert {message.kwargs["organization"] for message in purges} == {home.slug for home in homes}


def test_deleting_it_twice_finds_it_gone(team):
    from ninja_orgkit.errors import NotFound

    row = team.row
    organizations.delete_organization(row)
    with pytest.raises(NotFound):
        organizations.delete_organization(row)
    with pytest.raises(NotFound):
        organizations.update_organization(row, {"name": "Late"})


def test_the_personal_organization_goes_with_its_user(person, run_outbox):
    ada = person("ada")
    get_user_model().objects.get(username="ada").delete()
    assert not Organization.objects.filter(slug=ada.org, deleted_at=None).exists()
    run_outbox()
    assert not Organization.objects.filter(slug=ada.org).exists()


def test_users_that_are_deleted_in_bulk_take_theirs_along(person, run_outbox):
    for _ in range(3):
        person()
    get_user_model().objects.all().delete()
    run_outbox()
    assert not Organization.objects.exists()


def test_a_member_who_goes_leaves_the_organization_to_the_others(team, run_outbox):
    ada = team.member("member")
    account_of(ada).user.delete()
    run_outbox()
    assert team.roles() == {team.owner.slug: "owner"}


def test_an_invitation_outlives_the_account_of_its_sender(team):
    admin = team.member("admin")
    team.invite("guest@example.com", by=admin)
    account_of(admin).user.delete()
    item = team.owner.api.get(f"{team.path}invitations/").json()["items"][0]
    assert (item["email"], item["invited_by"]) == ("guest@example.com", None)


def test_a_very_long_name_fits_its_personal_organization(db):
    user = get_user_model().objects.create_user("long", first_name="x" * 150, last_name="y" * 150)
    assert len(user.orgkit_account.personal_organization.name) == 255


def test_every_registered_kind_is_purged_before_the_organization_itself():
    kinds = [resource.model for resource in organizations._purgeable()]
    assert Organization not in kinds
    assert {resource.model for resource in registry.resources()} >= set(kinds)
    ours = [kind.__module__.startswith("ninja_orgkit.") for kind in kinds]
    assert ours == sorted(ours)
