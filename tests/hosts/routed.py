"""Nothing of a host whose tables are elsewhere touches the default database; ``test_hosts`` runs this."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models
from django.db.models.signals import post_save
from django.test import Client

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background.outbox import drain, enqueue
from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.testing import (
    OrgkitClient,
    OrgkitFactories,
    assert_constant_statements,
    assert_roles,
    assert_same_answer,
    assert_stranger_sees_nothing,
)
from ninja_orgkit.urls import urlpatterns
from tests.celery import app as celery_app
from tests.client import Api
from tests.conftest import Register, RunOutbox

ADA = {"email": "ada@example.com", "password": "correct horse battery"}

committing = pytest.mark.django_db(databases=["people"], transaction=True)


@contextmanager
def _failing_after(model: type[models.Model]) -> Iterator[None]:
    """Let each save of a model fail after the row is written."""

    def fail(**_kwargs: Any) -> None:
        raise RuntimeError("half-way")

    post_save.connect(fail, sender=model)
    try:
        yield
    finally:
        post_save.disconnect(fail, sender=model)


@pytest.mark.parametrize("model", [Account, Organization, Membership])
@committing
def test_a_registration_that_fails_half_way_leaves_nothing(api: Api, model: type[models.Model]) -> None:
    with _failing_after(model):
        assert api.post("/auth/register", ADA).status_code == 500
    for left in (get_user_model(), Account, Organization, Membership, OutboxMessage):
        assert not left._default_manager.exists()
    assert api.post("/auth/register", ADA).status_code == 201


@committing
def test_a_message_leaves_after_the_commit_that_it_belongs_to(broker: str) -> None:
    with redis.Redis.from_url(broker) as queue:
        with atomic():
            enqueue("orgkit.outbox.drain")
            assert queue.llen("celery") == 0
        assert queue.llen("celery") == 1
        with pytest.raises(RuntimeError):
            _enqueue_and_fail()
        assert queue.llen("celery") == 1


def _enqueue_and_fail() -> None:
    with atomic():
        enqueue("orgkit.outbox.drain")
        raise RuntimeError


@committing
def test_messages_that_wait_are_published_later(broker: str) -> None:
    OutboxMessage.objects.create(task="orgkit.outbox.drain")
    assert drain() == 1


def test_throttles_count(api: Api) -> None:
    wrong = {"email": "nobody@example.com", "password": "wrong"}
    assert [api.post("/token/pair", wrong).status_code for _ in range(11)] == [401] * 10 + [429]


@committing
def test_a_repeated_request_is_performed_once_and_a_failed_one_pins_nothing(register: Register) -> None:
    ada = register()
    sent = {"organization": ada.org, "display_name": "Grace"}
    with _failing_after(Contact):
        assert ada.api.post("/contacts/", sent, headers={"Idempotency-Key": "a"}).status_code == 500
    assert not Contact.objects.exists()
    answers = [ada.api.post("/contacts/", sent, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Contact.objects.count() == 1


@committing
def test_an_export_is_read_in_one_snapshot(register: Register, run_outbox: RunOutbox) -> None:
    ada = register()
    assert ada.api.post(f"/orgs/{ada.org}/export/").status_code == 202
    run_outbox()
    assert ada.api.get(f"/orgs/{ada.org}/export/").json()["items"][0]["status"] == "ready"


@committing
def test_health_asks_the_database_of_the_kit(api: Api) -> None:
    assert api.get("/health").json()["checks"]["database"] == "ok"


@pytest.mark.parametrize("command", ["orgkit_sync", "orgkit_doctor"])
def test_commands_work(register: Register, command: str) -> None:
    register()
    call_command(command, stdout=io.StringIO())


def test_tasks_of_the_schedule_work(db: None) -> None:
    for entry in ORGKIT_BEAT_SCHEDULE.values():
        celery_app.tasks[entry["task"]].apply(throw=True)


def test_the_admin_works(register: Register) -> None:
    ada = register()
    ada.api.post("/contacts/", {"organization": ada.org, "display_name": "Grace"})
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "correct horse battery"))
    for model in (Account, Organization, Membership, Contact):
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(place).status_code == 200
        row = model._default_manager.first()
        assert row is not None
        assert client.get(f"{place}{row.pk}/change/").status_code == 200
    assert ada.api.post("/orgs/", {"name": "Acme"}).status_code == 201
    group = Organization.objects.get(name="Acme")
    deleted = client.post(f"/admin/orgkit_organizations/organization/{group.pk}/delete/", {"post": "yes"})
    assert deleted.status_code == 302
    group.refresh_from_db()
    assert group.deleted_at is not None


@pytest.mark.django_db(databases=["people"])
def test_the_plugin_for_tests_of_a_host_works(orgkit: OrgkitFactories, orgkit_client: OrgkitClient) -> None:
    acme = orgkit.organization(slug="acme")
    viewer = orgkit_client.as_(orgkit.member(acme, role="viewer"))
    path, contacts = "/api/v1/orgs/acme/", "/api/v1/contacts/?organization=acme"
    assert_stranger_sees_nothing("PATCH", path, organization=acme, json={"name": "Mine"})
    assert_roles("PATCH", path, organization=acme, allowed={"admin", "owner"}, json={"name": "Ours"})
    assert_constant_statements(lambda: viewer.get(contacts), grow=lambda: orgkit.contact(acme))
    assert_same_answer(lambda: viewer.get(contacts), lambda: viewer.get(contacts))


def test_requests_are_no_transactions_of_any_database() -> None:
    for pattern in urlpatterns:
        view: Any = pattern.callback
        assert view._non_atomic_requests == {"default", "people"}
