"""Prepared statements: compiled once, run with the values of each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from ninja_orgkit.accounts.models import Session
from ninja_orgkit.database.prepared import Parameter, Prepared
from ninja_orgkit.organizations.models import Membership, Organization
from tests.parallel import in_parallel

NAME = Parameter("name", Organization._meta.get_field("name"))


@pytest.fixture
def organizations(db: None) -> list[Organization]:
    """Return some organizations."""
    return [Organization.objects.create(slug=f"o{number}", name=f"Name {number}") for number in range(8)]


def test_a_statement_is_built_once_and_run_with_new_values(organizations: list[Organization]) -> None:
    built = []

    def by_name() -> QuerySet[Organization]:
        built.append(1)
        return Organization.objects.filter(name=NAME)

    statement = Prepared(by_name)
    found = [statement.first(name=organization.name) for organization in organizations]
    assert found == organizations
    assert statement.first(name="nobody's") is None
    assert built == [1]


def test_a_run_takes_one_statement_and_loads_related_instances(
    organizations: list[Organization], register: Any, count_queries: Callable[[], Any]
) -> None:
    ann = register()
    statement = Prepared(
        lambda: Membership.objects.select_related("organization", "account__user").filter(
            organization__slug=Parameter("slug", Organization._meta.get_field("slug"))
        )
    )
    with count_queries() as queries:
        (member,) = statement.run(slug=ann.org)
        assert (member.organization.slug, member.account.slug) == (ann.org, ann.slug)
        assert member.account.user.email == ann.email
    assert len(queries) == 1
    member.role = "owner"
    member.save()  # as any other instance


def test_a_prepared_statement_returns_the_rows_of_its_queryset(organizations: list[Organization]) -> None:
    rows = Organization.objects.values("slug", "custom", "created_at")
    pairs = Organization.objects.values_list("slug", "created_at")
    assert Prepared(lambda: rows.filter(name=NAME)).run(name="Name 3") == list(rows.filter(name="Name 3"))
    assert Prepared(lambda: pairs.filter(name=NAME)).run(name="Name 3") == list(pairs.filter(name="Name 3"))


def test_values_are_converted_by_the_field_of_their_parameter(register: Any) -> None:
    register()
    session = Session.objects.get()
    statement = Prepared(
        lambda: Session.objects.filter(
            pk=Parameter("key", Session._meta.pk),
            expires_at__gte=Parameter("now", Session._meta.get_field("expires_at")),
        )
    )
    assert statement.first(key=session.pk, now=session.expires_at) == session
    assert statement.first(key=str(session.pk), now=session.created_at) == session


@pytest.mark.django_db(transaction=True)
def test_threads_share_a_statement_and_use_their_own_connections(organizations: list[Organization]) -> None:
    statement = Prepared(lambda: Organization.objects.filter(name=NAME))

    def find(number: int) -> list[Organization | None]:
        return [statement.first(name=f"Name {number}") for _ in range(20)]

    assert in_parallel(8, find) == [[organization] * 20 for organization in organizations]
