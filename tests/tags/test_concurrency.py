"""Several requests that assign, create, rename and delete tags at the same time."""

from __future__ import annotations

import threading

import pytest
from django.db import connections, transaction

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.tags import services
from ninja_orgkit.tags.models import Tag, TagAssignment
from tests.org import Org
from tests.parallel import in_parallel
from tests.tags.actions import contact_tags_path, list_tags


@pytest.mark.django_db(transaction=True)
def test_many_requests_can_assign_the_same_new_tags_at_once(org: Org) -> None:
    targets = [contact_tags_path(org, f"C{number}") for number in range(6)]
    names = ["C", "C++", "C#", "vip", "🎉", *(f"t{number}" for number in range(20))]

    def assign(number: int) -> int:
        ordered = names if number % 2 else names[::-1]
        return int(org.api.as_user(org.api.token).post(targets[number], ordered).status_code)

    assert in_parallel(6, assign) == [200] * 6
    assert Tag.objects.count() == len(names)
    assert TagAssignment.objects.count() == 6 * len(names)


@pytest.mark.django_db(transaction=True)
def test_only_one_of_many_concurrent_requests_creates_the_same_tag(org: Org) -> None:
    def create(number: int) -> int:
        return int(org.api.as_user(org.api.token).post(org.tags_path, {"name": "VIP"}).status_code)

    assert sorted(in_parallel(4, create)) == [201, 409, 409, 409]
    assert Tag.objects.get().slug == "vip"


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_different_spellings_of_a_name_make_one_tag(org: Org) -> None:
    targets = [contact_tags_path(org, f"C{number}") for number in range(8)]
    spellings = ["Straße", "STRASSE", "strasse", "\u017ftrasse", "Café", "CAFÉ", "cafe\u0301", "CAFE\u0301"]

    def assign(number: int) -> int:
        ordered = [spellings[number], spellings[number - 4], f"own {number}"]
        return int(org.api.as_user(org.api.token).post(targets[number], ordered).status_code)

    assert in_parallel(8, assign) == [200] * 8
    assert Tag.objects.filter(name_key__in=["strasse", "café"]).count() == 2
    assert {tag["usage_count"] for tag in list_tags(org, ordering="-usage_count", limit=2)} == {8}
    assert TagAssignment.objects.count() == 8 * 3


@pytest.mark.django_db(transaction=True)
def test_only_one_of_many_concurrent_renames_to_the_same_name_succeeds(org: Org) -> None:
    tags = [org.add_tag(f"t{number}")["id"] for number in range(8)]

    def rename(number: int) -> int:
        path = f"{org.tags_path}{tags[number]}/"
        name = "VIP" if number % 2 else "vip"
        return int(org.api.as_user(org.api.token).patch(path, {"name": name}).status_code)

    assert sorted(in_parallel(8, rename)) == [200] + [409] * 7
    assert Tag.objects.filter(name_key="vip").count() == 1


@pytest.mark.django_db(transaction=True)
def test_tags_that_slugify_alike_can_be_created_at_once(org: Org) -> None:
    def create(number: int) -> int:
        return int(org.api.as_user(org.api.token).post(org.tags_path, {"name": "C" + "+" * number}).status_code)

    assert in_parallel(4, create) == [201] * 4
    assert len(set(Tag.objects.values_list("slug", flat=True))) == 4


@pytest.mark.django_db(transaction=True)
def test_deleting_a_tag_waits_for_a_running_assignment(org: Org) -> None:
    tag = org.add_tag("vip")
    contact_tags_path(org)
    deleted: list[int] = []

    def delete() -> None:
        deleted.append(org.api.as_user(org.api.token).delete(f"{org.tags_path}{tag['id']}/").status_code)
        connections.close_all()

    meanwhile = threading.Thread(target=delete)
    with transaction.atomic():
        services.assign_tags(Contact.objects.get(), ["vip"])
        meanwhile.start()
        meanwhile.join(0.5)
        assert deleted == []
    meanwhile.join()
    assert deleted == [204]
    assert not TagAssignment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_assignment_outlives_an_object_deleted_at_the_same_time(org: Org) -> None:
    for round_ in range(5):
        target = contact_tags_path(org, f"C{round_}")
        slug = target.rstrip("/").rpartition("/")[2]

        def act(number: int, target: str = target, slug: str = slug) -> int:
            api = org.api.as_user(org.api.token)
            response = api.delete(f"/contacts/{slug}/") if number == 0 else api.post(target, ["vip", f"t{number}"])
            return int(response.status_code)

        deleted, *assigned = in_parallel(3, act)
        assert deleted == 204
        assert set(assigned) <= {200, 404}
    assert not TagAssignment.objects.exists()
