"""The host's own routes let in whom they should, and tell nobody else anything."""

import pytest

from ninja_orgkit.testing import (
    assert_constant_statements,
    assert_keys,
    assert_roles,
    assert_same_answer,
    assert_stranger_sees_nothing,
)


@pytest.fixture(autouse=True)
def _routes(settings):
    settings.ROOT_URLCONF = "host.reports_urls"


@pytest.fixture
def acme(orgkit):
    """Return an organization with an owner."""
    return orgkit.organization(name="Acme", slug="acme")


def test_members_read_the_report(orgkit_client, orgkit, acme):
    viewer = orgkit.member(acme, role="viewer")
    orgkit.contact(acme, first_name="Grace")
    orgkit.contact(acme, first_name="Ada")
    answer = orgkit_client.as_(viewer.account).get("/api/orgs/acme/report/")
    assert answer.status_code == 200
    assert answer.json() == {"name": "Acme", "contacts": ["Ada", "Grace"]}


def test_strangers_see_nothing(acme):
    assert_stranger_sees_nothing("GET", "/api/orgs/acme/report/", organization=acme)
    assert_stranger_sees_nothing("POST", "/api/orgs/acme/rename/", organization=acme, json={"name": "Mine"})


def test_admins_and_owners_rename_an_organization(acme):
    path, body = "/api/orgs/acme/rename/", {"name": "Acme Ltd"}
    assert_roles("POST", path, organization=acme, allowed={"admin", "owner"}, json=body)


def test_a_program_reads_the_report_by_an_api_key(orgkit_client, orgkit, acme):
    program = orgkit_client.as_key(orgkit.api_key(acme, permissions=["contacts.read"]))
    assert program.get("/api/orgs/acme/report/").json() == {"name": "Acme", "contacts": []}
    assert_keys("GET", "/api/orgs/acme/report/", organization=acme, needs="contacts.read")


def test_the_report_takes_as_many_statements_for_many_contacts(orgkit_client, orgkit, acme):
    viewer = orgkit_client.as_(orgkit.member(acme, role="viewer").account)
    assert_constant_statements(lambda: viewer.get("/api/orgs/acme/report/"), grow=lambda: orgkit.contact(acme))


def test_an_unknown_and_a_foreign_organization_answer_alike(orgkit_client, orgkit, acme):
    stranger = orgkit_client.as_(orgkit.account())
    assert_same_answer(
        lambda: stranger.get("/api/orgs/acme/report/"), lambda: stranger.get("/api/orgs/nowhere/report/")
    )
