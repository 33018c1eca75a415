"""Prepared statements: compiled once, run with the values of each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared
from ninja_orgkit.organizations.models import Membership, Organization
from tests.parallel import in_parallel

NAME = Parameter("name", Organization._meta.get_field("name"))


@pytest.fixture
def organizations(db: None) -> list[Organization]:
    """Return some organizations."""
    return [Organization.objects.create(slug=f"o{number}", name=f"Name {number}") for number in range(8)]


def test_a_statement_is_built_once_and_run_with_new_values(organizations: list[Organization]) -> None:
    built = []

    def by_name() -> QuerySet[Organization, str]:
        built.append(1)
        return Organization.objects.filter(name=NAME).values_list("slug", flat=True)

    statement = Prepared(by_name)
    found = [statement.first(name=organization.name) for organization in organizations]
    assert found == [organization.slug for organization in organizations]
    assert statement.first(name="nobody's") is None
    assert built == [1]


def test_a_run_takes_one_statement_and_makes_related_instances(
    organizations: list[Organization], register: Any, count_queries: Callable[[], Any]
) -> None:
    ann = register()
    memberships = Columns(Membership)
    accounts = Columns(Account, without=Account.LONG_COLUMNS, path="account__")
    statement = Prepared(
        lambda: Membership.objects.filter(
            organization__slug=Parameter("slug", Organization._meta.get_field("slug"))
        ).values_list(*memberships.paths, *accounts.paths, "organization__slug")
    )
    with count_queries() as queries:
        (row,) = statement.run(slug=ann.org)
        member, rest = memberships.read(row, statement.db)
        member.account, rest = accounts.read(rest, statement.db)
        assert (member.account.slug, *rest) == (ann.slug, ann.org)
    assert len(queries) == 1
    with count_queries() as queries:
        assert (member.account.about, member.account.custom) == ("", {})  # reads all that is deferred
    assert len(queries) == 1
    assert member == Membership.objects.get()
    member.role = "owner"
    member.save()  # as any other instance
    assert Membership.objects.get().role == "owner"


def test_a_prepared_statement_returns_the_rows_of_its_queryset(organizations: list[Organization]) -> None:
    Organization.objects.update(custom={"deep": [1, 2.5, None, "é", {"a": True}], "long": 10**30})
    rows = Organization.objects.values("slug", "custom", "created_at")
    pairs = Organization.objects.values_list("slug", "created_at", "personal_of")
    slugs = Organization.objects.values_list("slug", flat=True)
    for shape in (rows, pairs, slugs):
        assert Prepared(lambda shape=shape: shape.filter(name=NAME)).run(name="Name 3") == list(  # type: ignore[misc]
            shape.filter(name="Name 3")
        )


def test_values_are_converted_by_the_field_of_their_parameter(register: Any) -> None:
    register()
    session = Session.objects.get()
    statement = Prepared(
        lambda: Session.objects.filter(
            pk=Parameter("key", Session._meta.pk),
            expires_at__gte=Parameter("now", Session._meta.get_field("expires_at")),
        ).values_list("pk", "account")
    )
    assert statement.first(key=session.pk, now=session.expires_at) == (session.pk, session.account_id)
    assert statement.first(key=str(session.pk), now=session.created_at) == (session.pk, session.account_id)


@pytest.mark.django_db(transaction=True)
def test_threads_share_a_statement_and_use_their_own_connections(organizations: list[Organization]) -> None:
    statement = Prepared(lambda: Organization.objects.filter(name=NAME).values_list("slug", flat=True))

    def find(number: int) -> list[str | None]:
        return [statement.first(name=f"Name {number}") for _ in range(20)]

    assert in_parallel(8, find) == [[organization.slug] * 20 for organization in organizations]
