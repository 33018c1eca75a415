"""Finding objects of any registered model by their tags, and reading the tags and images of a whole list."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any, cast

import pytest
from django.db.models import QuerySet
from django.test import RequestFactory
from ninja import FilterLookup, NinjaAPI, Query
from pydantic import ValidationError

from ninja_orgkit.accounts.models import Session
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.selectors import images_of, with_images
from ninja_orgkit.images.services.attachments import attach_images, detach_images
from ninja_orgkit.tags.models import Tag, TagAssignment
from ninja_orgkit.tags.schemas import TagFilter
from ninja_orgkit.tags.selectors import tagged, tags_of, with_tags
from ninja_orgkit.tags.services import assign_tags, unassign_tags
from shop.models import Product, Shop
from tests.client import statements_in
from tests.conftest import CountQueries
from tests.images.actions import add_rows
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")

TAGGED = {"A": ["vip", "new"], "B": ["vip"], "C": ["new", "日本"], "D": []}


def add_products(org: Org) -> Shop:
    """Add four products with tags to the organization."""
    shop = Shop.objects.create(organization=org.row, name="Shop")
    for name, tags in TAGGED.items():
        product = Product.objects.create(shop=shop, sku=f"{org.slug}-{name}", name=name, price=1)
        assign_tags(product, tags)
    return shop


def names(rows: QuerySet[Any, Any]) -> list[str]:
    """Return the names of products."""
    return [product.name for product in rows.order_by("name")]


@pytest.mark.parametrize("narrow", [False, True], ids=["by slug", "by id"])
@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({}, "ABCD"),
        ({"all_of": ["vip"]}, "AB"),
        ({"all_of": ["vip", "new"]}, "A"),
        ({"all_of": ["vip", "vip"]}, "AB"),
        ({"all_of": ("日本",)}, "C"),
        ({"all_of": ["unknown"]}, ""),
        ({"all_of": ["vip", "unknown"]}, ""),
        ({"any_of": {"vip", "new"}}, "ABC"),
        ({"any_of": ["vip", "unknown"]}, "AB"),
        ({"any_of": ["unknown"]}, ""),
        ({"none_of": ["vip"]}, "CD"),
        ({"none_of": ["unknown"]}, "ABCD"),
        ({"none_of": ["vip", "日本"]}, "D"),
        ({"all_of": ["new"], "none_of": ["vip"]}, "C"),
        ({"all_of": ["new"], "any_of": ["vip", "日本"], "none_of": ["日本"]}, "A"),
    ],
)
def test_objects_are_found_by_their_tags(org: Org, terms: dict[str, Any], found: str, narrow: bool) -> None:
    add_products(org)
    organization = org.row if narrow else None
    assert names(tagged(Product.objects.all(), **terms, organization=organization)) == list(found)


def test_each_term_is_one_exists_in_one_statement(org: Org, count_queries: CountQueries) -> None:
    add_products(org)
    rows = tagged(Product.objects.all(), ["vip", "new"], ["vip", "日本"], ["unknown", "other"])
    with count_queries() as queries:
        assert names(rows) == ["A"]
    (statement,) = statements_in(queries)
    assert statement.count("EXISTS") == 4
    assert "DISTINCT" not in statement


def test_tags_are_found_only_in_the_objects_own_organization(org: Org, other_org: Org) -> None:
    shop, elsewhere = add_products(org), add_products(other_org)
    assert names(tagged(Product.objects.all(), ["vip"])) == ["A", "A", "B", "B"]
    assert names(tagged(Product.objects.filter(shop=shop), ["vip"])) == ["A", "B"]
    moved = Product.objects.get(sku="acme-A")
    moved.shop = elsewhere
    moved.save()
    assert tagged(Product.objects.filter(pk=moved.pk), ["vip"]).count() == 0
    assert tagged(Product.objects.filter(pk=moved.pk), none_of=["vip"]).count() == 1
    assert names(tagged(Product.objects.all(), ["vip"], organization=other_org.row)) == ["A", "B"]
    assert tags_of(moved) == []
    (loaded,) = with_tags(Product.objects.filter(pk=moved.pk))
    assert tags_of(loaded) == []


def test_contacts_and_images_are_found_too(org: Org) -> None:
    org.add_contact("Ada")
    add_rows(org, 2)
    contact, image = Contact.objects.get(), Image.objects.first()
    assert image is not None
    assign_tags(contact, ["vip"])
    assign_tags(image, ["vip"])
    assert list(tagged(Contact.objects.all(), ["vip"])) == [contact]
    assert list(tagged(Image.objects.all(), ["vip"])) == [image]
    assert tagged(Image.objects.all(), none_of=["vip"]).count() == 1


@pytest.mark.parametrize("find", [lambda rows: tagged(rows, ["vip"]), tagged, with_tags, with_images])
def test_a_model_that_is_not_registered_raises_at_once(find: Callable[[Any], Any]) -> None:
    with pytest.raises(LookupError, match=r"orgkit_accounts\.Session is not registered"):
        find(Session.objects.all())


def test_one_text_instead_of_slugs_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"\['vip'\]"):
        tagged(Contact.objects.all(), "vip")


class ProductFilter(TagFilter):
    """Filters of products by tags and by name."""

    name: Annotated[str | None, FilterLookup("name__icontains")] = None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ABCD"), ("tag=vip&tag=new", "A"), ("tag_any=vip&tag_any=new", "ABC"), ("tag_none=vip", "CD"),
        ("tag=unknown", ""), ("tag=vip&name=b", "B"), ("name=a", "A"),
    ],
)  # fmt: skip
def test_a_host_filters_its_own_list(org: Org, query: str, found: str) -> None:
    add_products(org)
    api = NinjaAPI(urls_namespace=f"host-{uuid.uuid4()}")

    @api.get("/products")
    def products(request: Any, filters: Query[ProductFilter]) -> list[str]:
        return [*names(filters.filter(Product.objects.all())), *names(filters.filter(Product.objects.all(), org.row))]

    view: Any = next(pattern.callback for pattern in api.urls[0] if str(pattern.pattern) == "products")
    answer = view(RequestFactory().get(f"/products?{query}"))
    assert (answer.status_code, answer.content.decode()) == (200, str([*found, *found]).replace("'", '"'))


@pytest.mark.parametrize("bad", ["x" * 51, "a\x00"])
def test_a_host_refuses_what_is_no_slug(bad: str) -> None:
    for name in ("tag", "tag_any", "tag_none"):
        with pytest.raises(ValidationError):
            TagFilter(**{name: [bad]})


def test_a_list_reads_tags_and_images_in_one_statement_each(org: Org, count_queries: CountQueries) -> None:
    add_products(org)
    ids = add_rows(org, 3)
    product = Product.objects.get(sku="acme-A")
    attach_images(product, ids[::-1])
    rows = with_images(with_tags(Product.objects.order_by("name")))
    with count_queries() as queries:
        shown = [
            (product.name, [tag.slug for tag in tags_of(product)], [image.pk for image in images_of(product)])
            for product in rows
        ]
    assert len(statements_in(queries)) == 3
    assert shown == [("A", ["new", "vip"], ids[::-1]), ("B", ["vip"], []), ("C", ["new", "日本"], []), ("D", [], [])]
    assert [(tags_of(product), images_of(product)) for product in rows] == [
        (tags_of(product), images_of(product)) for product in Product.objects.order_by("name")
    ]


def test_a_queryset_with_tags_can_be_sliced_filtered_and_counted(org: Org, count_queries: CountQueries) -> None:
    add_products(org)
    rows = with_tags(with_tags(Product.objects.order_by("name")))
    with count_queries() as queries:
        found = [rows[1:3], rows.filter(name="A"), tagged(rows, ["vip"])]
        assert [[tags_of(product) for product in part] for part in found] == [
            [list(Tag.objects.filter(slug="vip")), list(Tag.objects.filter(slug__in=["new", "日本"]))],
            [list(Tag.objects.filter(slug__in=["new", "vip"]).order_by("name"))],
            [list(Tag.objects.filter(slug__in=["new", "vip"]).order_by("name")), list(Tag.objects.filter(slug="vip"))],
        ]
    assert len(statements_in(queries)) == 6 + 5
    assert rows.count() == 4
    assert list(rows.none()) == []
    assert list(rows.values_list("name", flat=True)) == list(TAGGED)
    with pytest.raises(TypeError, match="before values"):
        with_tags(cast(Any, Product.objects.values("name")))


def test_tags_and_images_of_an_object_take_one_statement_and_follow_changes(
    org: Org, count_queries: CountQueries
) -> None:
    add_products(org)
    ids = add_rows(org, 1)
    with count_queries() as queries:
        product = with_images(with_tags(Product.objects.filter(sku="acme-B"))).get()
    assert len(statements_in(queries)) == 3
    assign_tags(product, ["new"])
    attach_images(product, ids)
    with count_queries() as queries:
        assert [tag.slug for tag in tags_of(product)] == ["new", "vip"]
        assert [image.pk for image in images_of(product)] == ids
    assert len(statements_in(queries)) == 2
    product = with_images(with_tags(Product.objects.filter(sku="acme-B"))).get()
    unassign_tags(product, ["vip"])
    detach_images(product, ids)
    assert ([tag.slug for tag in tags_of(product)], images_of(product)) == (["new"], [])
    assert TagAssignment.objects.filter(tag__slug="vip").count() == 1
