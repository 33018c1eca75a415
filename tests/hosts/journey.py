"""From registering to leaving, on the host that the settings describe; ``test_hosts`` runs this file for each host."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import createsuperuser
from django.core.files.base import ContentFile
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import models
from django.utils import timezone

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import kit_alias, kit_connection
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.services.organizations import create_organization
from tests.client import Api
from tests.conftest import RunOutbox
from tests.mails import link_of

PICTURE = Path(__file__).parents[2] / "docs" / "examples" / "picture.jpg"
FIRST_KEY = 700_000_001

EMAIL, NEW_EMAIL = "Ada@Example.com", "countess@example.com"
PASSWORD, NEW_PASSWORD, NEWEST_PASSWORD = "correct horse battery", "staple of another", "third time lucky"


class Listening(Api):
    """A client that records every answer."""

    def __init__(self, token: str | None = None, heard: list[str] | None = None) -> None:
        super().__init__(token)
        self.heard: list[str] = [] if heard is None else heard

    def as_user(self, token: str | None) -> Listening:
        return Listening(token, self.heard)

    def send(self, *args: Any, **kwargs: Any) -> Any:
        return self._keep(super().send(*args, **kwargs))

    def upload(self, path: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Any:
        return self._keep(super().upload(path, headers=headers, **fields))

    def _keep(self, response: Any) -> Any:
        self.heard.append(str(response.headers))
        if not response.streaming:
            self.heard.append(response.content.decode())
        return response


def _begin_far_away(model: type[models.Model], key: int) -> None:
    """Let the integer keys of a model begin where no other number is taken for one."""
    if isinstance(model._meta.pk, models.IntegerField):
        model._default_manager.bulk_create([model(pk=key)])
        for statement in kit_connection().ops.sequence_reset_sql(no_style(), [model]):
            with kit_connection().cursor() as cursor:
                cursor.execute(statement)
        model._default_manager.filter(pk=key)._raw_delete(using=kit_alias())


@pytest.fixture
def api(db: None) -> Listening:
    _begin_far_away(get_user_model(), FIRST_KEY)
    _begin_far_away(Organization, FIRST_KEY + 1000)
    return Listening()


def test_the_migrations_of_the_kit_are_complete(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True)


def test_the_system_checks_pass(db: None) -> None:
    call_command("check", databases=[kit_alias()], fail_level="INFO")


def test_users_created_by_the_host_can_sign_in(api: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    model = get_user_model()
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    given = {
        name: EMAIL if name == host_user.email_field() else "countess"
        for name in (model.USERNAME_FIELD, *model.REQUIRED_FIELDS)
    }
    command = createsuperuser.Command()
    command.requires_migrations_checks = False  # it would ask the default database, which a host need not have
    call_command(command, interactive=False, verbosity=0, database=kit_alias(), **given)
    users = [host_user.build_user_without_password(email=f"bulk{n}@example.com", username=f"bulk{n}") for n in range(3)]
    for user in users:
        user.set_password(PASSWORD)
    model._default_manager.bulk_create(users)
    call_command("orgkit_sync", stdout=io.StringIO())
    call_command("orgkit_doctor", stdout=io.StringIO())
    for email in (EMAIL, "bulk0@example.com", "BULK2@example.com"):
        answer = api.post("/token/pair", {"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.content
        me = api.as_user(answer.json()["access"]).get("/users/me").json()
        assert [org["role"] for org in me["organizations"]] == (["owner"] if settings.PERSONAL_ORGANIZATIONS else [])
        if me["username"]:
            assert api.post("/token/pair", {"username": me["username"], "password": PASSWORD}).status_code == 200


def test_values_too_long_for_the_host_model_are_refused_and_generated_ones_fit(api: Listening) -> None:
    sizes: dict[str, Any] = {field.name: field.max_length for field in get_user_model()._meta.concrete_fields}
    someone = {"email": "ada@example.com", "password": PASSWORD}
    longest = min(sizes.get(host_user.username_field(), 30), 30)
    accesses = []
    for number in range(3):
        answer = api.post("/auth/register", {**someone, "email": f"{'a' * 40}@example{number}.com"})
        assert answer.status_code == 201, answer.content
        assert len(answer.json()["user"]["username"]) <= longest
        accesses.append(answer.json()["access"])
    me = api.as_user(accesses[-1])
    long = {
        "username": "b" * (longest + 1),
        "first_name": "c" * (sizes.get("first_name", 150) + 1),
        "email": "d" * 60 + "@" + "e" * (sizes[host_user.email_field()] - 64) + ".com",
    }
    for name, value in long.items():
        answer = api.post("/auth/register", {**someone, name: value})
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", name]), answer.content
    for name in ("username", "first_name"):
        assert me.patch("/users/me", {name: long[name]}).json()["errors"][0]["loc"] == ["body", name]
    assert api.get("/users/check_username", username=long["username"]).json()["reason"] == "invalid"


def test_people_are_invited_and_lead_an_organization_whatever_says_that_they_are_active(
    api: Listening, run_outbox: RunOutbox, mailbox: list[EmailMessage]
) -> None:
    def new(name: str) -> tuple[Account, Listening]:
        user = host_user.build_user_without_password(email=f"{name}@example.com", username=name)
        user.set_password(PASSWORD)
        user.save()
        Account.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
        login = {"email": f"{name}@example.com", "password": PASSWORD}
        return user.orgkit_account, api.as_user(api.post("/token/pair", login).json()["access"])

    (ada, by_ada), (bob, by_bob) = new("ada"), new("bob")
    acme = create_organization(owner=ada, name="Acme").slug
    assert by_ada.post(f"/orgs/{acme}/invitations/", {"email": "bob@example.com", "role": "admin"}).status_code == 201
    run_outbox()
    token = link_of(mailbox[-1])[1]
    assert api.post("/invitations/preview", {"token": token}).json()["status"] == "pending"
    (received,) = by_bob.get("/invitations/").json()["items"]
    assert (received["inviter"]["slug"], received["status"]) == (ada.slug, "pending")
    assert by_bob.post(f"/invitations/{received['id']}/accept").status_code == 200
    listed = by_ada.get(f"/orgs/{acme}/members/", ordering="role").json()["items"]
    assert [member["slug"] for member in listed] == [ada.slug, bob.slug]
    if apps.is_installed("ninja_orgkit.apikeys"):
        key = by_bob.post(f"/orgs/{acme}/api-keys/", {"name": "Robot", "permissions": ["org.read"]}).json()["key"]
        assert api.as_user(key).get(f"/orgs/{acme}/me/").json()["permissions"] == ["org.read"]
    call_command("orgkit_doctor", stdout=io.StringIO())
    assert by_ada.delete("/auth/delete").json()["organizations"] == [acme]
    assert by_ada.get("/auth/delete/preview").json()["blocked_by"] == [acme]
    assert by_ada.post(f"/orgs/{acme}/transfer/", {"member": bob.slug}).status_code == 200
    assert by_ada.delete("/auth/delete").status_code == 204
    assert by_bob.get(f"/orgs/{acme}/").json()["role"] == "owner"


def test_somebody_registers_works_and_leaves(
    api: Listening, run_outbox: RunOutbox, mailbox: list[EmailMessage], tmp_path: Path
) -> None:
    def signed_in(**login: str) -> Listening:
        answer = api.post("/token/pair", login)
        assert answer.status_code == 200, answer.content
        return api.as_user(answer.json()["access"])

    invited: dict[str, str] = {}
    host = api
    if settings.REGISTRATION == "invitation":
        assert api.post("/auth/register", {"email": EMAIL, "password": PASSWORD}).status_code == 403
        boss = host_user.build_user_without_password(email="host@example.com", username="host")
        boss.set_password(PASSWORD)
        boss.save()
        host = signed_in(email="host@example.com", password=PASSWORD)
        acme = host.post("/orgs/", {"name": "Acme"}).json()["slug"]
        assert host.post(f"/orgs/{acme}/invitations/", {"email": EMAIL, "role": "owner"}).status_code == 201
        run_outbox()
        invited = {"invitation": link_of(mailbox[-1])[1]}

    # registering
    answer = api.post("/auth/register", {"email": EMAIL, "password": PASSWORD, "first_name": "Ada", **invited})
    assert answer.status_code == 201, answer.content
    slug, username, homes = (answer.json()["user"][name] for name in ("slug", "username", "organizations"))
    assert answer.json()["user"]["first_name"] == "Ada"
    assert answer.json()["user"]["email_verified"] == bool(invited)
    assert len(homes) == bool(invited) + settings.PERSONAL_ORGANIZATIONS
    if not homes:
        homes = [api.as_user(answer.json()["access"]).post("/orgs/", {"name": "Ada's"}).json()]
    org = homes[0]["slug"]
    user = Account.objects.get(slug=slug).user
    keys = _spellings(user, Organization.objects.get(slug=org))
    assert host_user.read_profile(user)["email"] == EMAIL
    if not invited:
        taken = {"email": EMAIL.upper(), "password": PASSWORD}
        assert api.post("/auth/register", taken).json()["code"] == "email_taken"
        taken = {"email": "x@example.com", "username": username, "password": PASSWORD}
        assert api.post("/auth/register", taken).json()["code"] == "username_taken"
        run_outbox()
        assert api.get("/auth/email/verify", token=link_of(mailbox[-1])[1]).status_code == 200

    # signing in
    assert api.post("/token/pair", {"email": EMAIL, "password": "wrong"}).json()["code"] == "invalid_credentials"
    signed_in(username=username.upper(), password=PASSWORD)
    tokens = api.post("/token/pair", {"email": EMAIL.lower(), "password": PASSWORD}).json()
    tokens = api.post("/token/refresh", {"refresh": tokens["refresh"]}).json()
    me = api.as_user(tokens["access"])
    assert api.post("/token/verify", {"token": tokens["access"]}).status_code == 200
    assert me.get("/users/me").json()["email_verified"] is True
    answer = me.patch("/users/me", {"username": "countess", "last_name": "Lovelace", "display_name": "Ada L"})
    assert (answer.status_code, answer.json()["username"]) == (200, "countess"), answer.content
    user.refresh_from_db()
    assert host_user.read_profile(user).get("username", "countess") == "countess"
    assert host_user.read_profile(user).get("last_name", "Lovelace") == "Lovelace"
    user.save()
    assert me.get("/users/me").json()["username"] == "countess"
    assert me.get("/users/check_username", username="Count.ess").json()["reason"] == "taken"

    # a new password, twice, and a new address
    answer = me.post("/auth/change-password", {"old_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert answer.status_code == 200, answer.content
    assert api.post("/token/pair", {"email": EMAIL, "password": PASSWORD}).status_code == 401
    assert api.post("/auth/password-reset/request", {"email": EMAIL}).status_code == 202
    run_outbox()
    reset = {"token": link_of(mailbox[-1])[1], "new_password": NEWEST_PASSWORD}
    assert api.post("/auth/password-reset/confirm", reset).status_code == 200
    me = signed_in(username="countess", password=NEWEST_PASSWORD)
    assert me.patch("/auth/email", {"email": NEW_EMAIL}).status_code == 202
    run_outbox()
    assert api.get("/auth/email/verify", token=link_of(mailbox[-1])[1]).status_code == 200
    user.refresh_from_db()
    assert host_user.read_profile(user)["email"] == NEW_EMAIL
    me = signed_in(email=NEW_EMAIL, password=NEWEST_PASSWORD)
    assert api.post("/token/pair", {"email": EMAIL, "password": NEWEST_PASSWORD}).status_code == 401

    # work
    contact = me.post("/contacts/", {"organization": org, "first_name": "Grace"}).json()
    place = f"contacts/contact/{contact['slug']}/"
    assert me.post(f"/orgs/{org}/tags/{place}", ["VIP"]).status_code == 200
    answer = me.upload(f"/images/orgs/{org}/images/", file=ContentFile(PICTURE.read_bytes(), "picture.jpg"))
    assert answer.status_code == 201, answer.content
    image = answer.json()["id"]
    assert me.post(f"/images/orgs/{org}/images/{place}", {"image_ids": [image]}).status_code == 200
    assert me.upload("/users/avatar", file=ContentFile(PICTURE.read_bytes(), "a.jpg")).status_code == 200
    run_outbox()
    shown = me.get(f"/contacts/{contact['slug']}/").json()
    assert ([tag["name"] for tag in shown["tags"]], shown["creator"]) == (["VIP"], slug)
    assert me.get(f"/images/orgs/{org}/images/{image}/").json()["status"] == "ready"
    assert slug in [member["slug"] for member in me.get(f"/orgs/{org}/members/").json()["items"]]
    assert me.get("/auth/sessions").json()["count"] == 2

    # the export
    assert me.post(f"/orgs/{org}/export/").status_code == 202
    run_outbox()
    job = me.get(f"/orgs/{org}/export/").json()["items"][0]
    assert job["status"] == "ready", job
    archive = zipfile.ZipFile(io.BytesIO(b"".join(api.get(job["download_url"]).streaming_content)))
    names = {name for name in archive.namelist() if name.endswith(("jsonl", "csv", "html", "manifest.json"))}
    assert json.loads(archive.read("manifest.json"))["counts"]["contacts"] == 1
    exported = [archive.read(name).decode() for name in sorted(names)]

    # leaving
    assert me.delete("/auth/delete").status_code == 204
    if invited:
        assert host.delete("/auth/delete").status_code == 204
    run_outbox()
    assert me.get("/users/me").status_code == 401
    assert not get_user_model()._default_manager.exists()
    assert not Account.objects.exists()
    assert not Organization.objects.exists()
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]

    told = [*api.heard, *archive.namelist(), *exported, *(str(mail.message()) for mail in mailbox)]
    assert {key for key in keys for text in _unpacked(told) if key in text} == set()


def _spellings(*rows: models.Model) -> set[str]:
    """Return how the keys of rows might be written."""
    return {spelling for row in rows for spelling in (str(row.pk), str(row.pk).replace("-", ""))}


def _unpacked(texts: list[str]) -> Iterator[str]:
    """Yield the texts, and what is in the tokens in them."""
    for text in texts:
        yield text
        for part in re.findall(r"[\w-]{8,}", text):
            try:
                yield base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
            except binascii.Error:
                continue
