"""A value means the same on every database, whatever the database itself would fold, cut or call it."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import OperationalError, models
from django.test.utils import CaptureQueriesContext

from ninja_orgkit.accounts.errors import EmailTaken, UsernameTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import TAKEN_ERRORS
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database.alias import atomic, kit_connection
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.pages import Keyset, Page
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.throttling import throttle
from ninja_orgkit.tags.models import Tag
from tests.org import Org


@pytest.mark.parametrize("other", ["é", "E ", "\ufec9", "ė", "ẹ"])
def test_names_that_only_look_alike_are_two_tags(org: Org, other: str) -> None:
    org.add_tag("e")
    answer = org.api.post(f"/orgs/{org.slug}/tags/", {"name": other})
    assert answer.status_code == (409 if other.strip().lower() == "e" else 201), answer.content


@pytest.mark.parametrize("slug", ["Acme", "ACME", "acmé", "acme ", "\uff41cme"])
def test_a_key_is_found_by_its_bytes_only(org: Org, slug: str) -> None:
    assert org.slug == "acme"
    assert not Organization.objects.filter(slug=slug).exists()
    assert org.api.get(f"/orgs/{slug.strip()}/").status_code == (200 if slug == "acme " else 404)


def test_keys_sort_by_code_point_whatever_the_collation_of_the_database(org: Org) -> None:
    names = ["zeta", "äther", "a b", "a-b", "ab", "aé", "ae"]
    tags = [Tag.objects.create(organization=org.row, name=name, slug=f"tag{at}") for at, name in enumerate(names)]
    keys = sorted(tag.name_key for tag in tags)
    assert list(Tag.objects.order_by("name_key").values_list("name_key", flat=True)) == keys


@pytest.mark.postgres
@pytest.mark.django_db
def test_only_the_keys_have_a_collation_of_their_own() -> None:
    with kit_connection().cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns "
            "WHERE table_name LIKE 'orgkit%' AND table_schema = current_schema "
            "AND data_type IN ('character varying', 'text')"
        )
        columns = cursor.fetchall()
    keys = {f"{table}.{column}" for table, column, collation in columns if collation == "C"}
    assert keys == {f"{table}.{column}" for table, column, _ in columns if column.endswith(("slug", "_key", "_sort"))}
    assert {"orgkit_contacts_contact.display_sort", "orgkit_contacts_contact.slug"} <= keys
    assert "orgkit_contacts_contact.display_name" not in keys


@pytest.mark.postgres
def test_a_page_is_read_in_the_order_of_an_index_whatever_the_collation_of_the_database(org: Org) -> None:
    page = Page(Keyset("display_sort", "slug", descending=False), backward=False, started=True, offset=0, stop=50)
    rows = page.of(Contact.objects.filter(organization=org.row), ["ada", "ada-1"], None)
    with kit_connection().cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):  # so few rows are read and sorted faster than in an index
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = rows.explain()
    assert "Index Cond: ((organization_id = " in plan
    assert "(display_sort)::text >= 'ada'::text" in plan
    assert "orgkit_contacts_by_name" in plan
    assert "Sort Key" not in plan


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "error"), [("username_key", UsernameTaken), ("email_key", EmailTaken)], ids=["username", "email"]
)
def test_a_value_that_looks_like_the_name_of_a_constraint_is_not_taken_for_one(
    column: str, error: type[Exception]
) -> None:
    name = "orgkit_account_email_key orgkit_account_username_key"
    ann, bob = (get_user_model()._default_manager.create(username=name) for name in ("ann", "bob"))
    Account.objects.filter(user=ann).update(**{column: name})
    with pytest.raises(error), constraint_errors(Account, **TAKEN_ERRORS):
        Account.objects.filter(user=bob).update(**{column: name})


@pytest.mark.django_db(transaction=True)
def test_a_function_that_lost_a_deadlock_is_called_again_with_nothing_of_the_first_call() -> None:
    rows = Organization.objects
    calls: list[int] = []

    @atomic()
    def act(fails: int) -> int:
        calls.append(rows.count())
        rows.create(name="Acme", slug="acme")
        if len(calls) <= fails:
            raise OperationalError(1213, "Deadlock found when trying to get lock")
        return rows.count()

    assert (act(2), calls) == (1, [0, 0, 0])
    rows.all().delete()
    calls.clear()
    with pytest.raises(OperationalError):
        act(9)
    assert (calls, rows.count()) == ([0] * 5, 0)
    calls.clear()
    with pytest.raises(OperationalError), atomic():
        act(1)
    assert (calls, rows.count()) == ([0], 0)


@pytest.mark.django_db
def test_a_key_is_counted_in_one_statement_or_in_a_transaction_of_two() -> None:
    with CaptureQueriesContext(kit_connection()) as statements:
        throttle("login.account", "ann")
    # MySQL alone cannot return the row that it has changed.
    assert len(statements) == (1 if kit_connection().features.can_return_columns_from_insert else 4)


def test_tags_are_assigned_on_a_database_that_does_not_tell_the_keys_of_new_rows(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(kit_connection().features), "can_return_rows_from_bulk_insert", False)
    org.add_tag("old")
    path = org.tags_path_of(org.add_contact("Ada"))
    for _ in range(2):
        answer = org.api.post(path, {"tags": ["new", "old", "other"]})
        assert [tag["name"] for tag in answer.json()] == ["new", "old", "other"]


def test_every_index_fits_where_a_character_counts_as_four_bytes() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("ninja_orgkit.")]
    sizes = {
        item.name: sum(_bytes_of(model._meta.get_field(name)) for name in getattr(item, "fields", ()))
        for model in ours
        for item in (*model._meta.constraints, *model._meta.indexes)
    }
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 3072} == {}


def _bytes_of(field: Any) -> int:
    """Return the number of bytes that a column can take in an index of InnoDB."""
    while field.remote_field:
        field = field.target_field
    assert not isinstance(field, models.TextField)
    return 4 * (field.max_length or 2)


def test_names_whose_keys_are_very_long_are_told_apart_and_kept_unique(org: Org) -> None:
    # One character of these is eighteen in the key.
    names = ["\ufdfa" * 50, "\ufdfa" * 49 + "x"]
    assert [org.api.post(f"/orgs/{org.slug}/tags/", {"name": name}).status_code for name in names] == [201, 201]
    answer = org.api.post(f"/orgs/{org.slug}/tags/", {"name": names[0]})
    assert (answer.status_code, answer.json()["code"]) == (409, "tag_exists")
