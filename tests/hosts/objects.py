"""A host model with UUIDs as key and lookup is tagged, pictured, exported and deleted; ``test_hosts`` runs this."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.models import TagAssignment
from tests.client import Person
from tests.conftest import Register, RunOutbox
from tests.hosts.team.models import Badge, Machine, OldMachine

PICTURE = Path(__file__).parents[2] / "docs" / "examples" / "picture.jpg"


@pytest.fixture
def ada(register: Register) -> Person:
    person: Person = register("ada@example.com")
    return person


@pytest.fixture
def machine(ada: Person) -> Machine:
    return Machine.objects.create(organization=Organization.objects.get(), name="Lathe")


def _mark(ada: Person, machine: Machine) -> int:
    """Give a machine a tag and a picture; return the id of the picture."""
    tagged = ada.api.post(f"/orgs/{ada.org}/tags/team/machine/{machine.serial}/", ["steel"])
    assert (tagged.status_code, tagged.json()[0]["usage_count"]) == (200, 1)
    image = ada.api.upload(f"/images/orgs/{ada.org}/images/", file=ContentFile(PICTURE.read_bytes(), "a.jpg")).json()
    target = {"image_id": image["id"], "app_label": "team", "model": "machine", "obj_id": str(machine.serial)}
    assert ada.api.post(f"/images/orgs/{ada.org}/attach/", target).status_code == 200
    return int(image["id"])


def test_a_machine_is_tagged_and_pictured_by_its_serial_number(ada: Person, machine: Machine) -> None:
    _mark(ada, machine)
    tags = ada.api.get(f"/orgs/{ada.org}/tags/team/machine/{machine.serial}/").json()
    assert [tag["name"] for tag in tags["items"]] == ["steel"]
    (shown,) = ada.api.get(f"/images/orgs/{ada.org}/images/team/machine/{machine.serial}/").json()["items"]
    assert (shown["app_label"], shown["model"], shown["obj_id"]) == ("team", "machine", str(machine.serial))
    assert str(machine.pk) not in json.dumps(shown)


@pytest.mark.parametrize(
    "identifier",
    [
        lambda machine: machine.pk,
        lambda machine: machine.serial.hex,
        lambda machine: str(machine.serial).upper(),
        lambda machine: f"{{{machine.serial}}}",
        lambda machine: machine.serial.urn,
        lambda machine: uuid4(),
        lambda machine: "x",
    ],
    ids=["its key", "without hyphens", "upper case", "in braces", "as a URN", "unknown", "malformed"],
)
def test_the_primary_key_of_a_machine_is_not_found(ada: Person, machine: Machine, identifier: Any) -> None:
    for path in (f"/orgs/{ada.org}/tags/team/machine", f"/images/orgs/{ada.org}/images/team/machine"):
        answer = ada.api.get(f"{path}/{identifier(machine)}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("model", [Machine, OldMachine])
def test_deleting_a_machine_deletes_its_tags_and_pictures(ada: Person, machine: Machine, model: Any) -> None:
    image = _mark(ada, machine)
    model.objects.get(pk=machine.pk).delete()
    assert not TagAssignment.objects.exists()
    assert not ImageAttachment.objects.exists()
    assert ada.api.get(f"/images/orgs/{ada.org}/images/{image}/").status_code == 200
    assert ada.api.get(f"/orgs/{ada.org}/tags/").json()["items"][0]["usage_count"] == 0


def test_machines_are_exported_and_deleted_with_their_organization(
    ada: Person, machine: Machine, run_outbox: RunOutbox
) -> None:
    _mark(ada, machine)
    ada.api.post(f"/orgs/{ada.org}/export/")
    run_outbox()
    (job,) = ada.api.get(f"/orgs/{ada.org}/export/").json()["items"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(ada.api.get(job["download_url"]).streaming_content)))
    assert json.loads(archive.read("data/team.machine.jsonl")) == {"serial": str(machine.serial), "name": "Lathe"}
    assert str(machine.serial) in archive.read("data/tag_assignments.jsonl").decode()
    assert str(machine.serial) in archive.read("data/attachments.jsonl").decode()
    assert not [name for name in archive.namelist() if str(machine.pk).encode() in archive.read(name)]
    assert ada.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Machine.objects.exists()
    assert not TagAssignment.objects.exists()
    assert not ImageAttachment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_hidden_relation_to_contacts_does_not_stop_their_deletion(ada: Person, run_outbox: RunOutbox) -> None:
    for name in ("Bob", "Cy"):
        assert ada.api.post("/contacts/", {"organization": ada.org, "display_name": name}).status_code == 201
    Badge.objects.create(holder=Contact.objects.get(display_name="Bob"))
    assert ada.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Badge.objects.exists()
    assert not Contact.objects.exists()
    assert not Organization.objects.exists()
