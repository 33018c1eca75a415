"""An organization with something in it, and its archive."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit import registry
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.media import storage
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.registry import ExportKind
from shop.models import Product, Shop
from tests.client import Api, Person
from tests.media.pictures import quarters, written

VERIFY = Path(__file__).resolve().parents[2] / "docs" / "examples" / "verify_export.py"


class Workspace:
    """An organization of a group, its owner, and what can be put into it."""

    def __init__(self, owner: Person, slug: str) -> None:
        self.owner = owner
        self.slug = slug
        self.path = f"/orgs/{slug}/export/"

    @property
    def row(self) -> Organization:
        return Organization.objects.get(slug=self.slug)

    def add_member(self, person: Person, role: str) -> Person:
        account = Account.objects.get(slug=person.slug)
        Membership.objects.create(organization=self.row, account=account, role=role)
        return person

    def add_contact(self, **fields: Any) -> Contact:
        return Contact.objects.create(organization=self.row, **fields)

    def add_image(self, title: str = "", content: bytes = b"") -> Image:
        """Add a picture as an upload would store it; its name in the storage tells nothing."""
        content = content or written(quarters(40, 30), "JPEG").read()
        name = storage.save("images", "jpg", content)
        digest = f"{Image.objects.count():064x}"  # the same picture may come twice here
        return Image.objects.create(
            organization=self.row,
            title=title,
            format="jpeg",
            width=40,
            height=30,
            size=len(content),
            sha256=digest,
            placeholder="#dc1414",
            file=name,
            status=Image.Status.READY,
        )

    def add_product(self, sku: str, **fields: Any) -> Product:
        shop, _ = Shop.objects.get_or_create(organization=self.row, name="Main street")
        return Product.objects.create(sku=sku, **{"shop": shop, "name": sku, "price": "9.50", **fields})

    def start(self, api: Api | None = None) -> dict[str, Any]:
        """Ask for an export and return its job."""
        response = (api or self.owner.api).post(self.path)
        assert response.status_code == 202, response.content
        job: dict[str, Any] = response.json()
        return job

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.owner.api.get(f"{self.path}{job_id}/").json()
        return found


class Unpacked:
    """An archive as somebody who downloaded it sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = zipfile.ZipFile(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.zip.read("manifest.json"))
        return found

    @property
    def names(self) -> list[str]:
        return self.zip.namelist()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.zip.read(f"data/{kind}.jsonl").splitlines()]

    def cells(self, kind: str) -> list[dict[str, str]]:
        text = self.zip.read(f"csv/{kind}.csv").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def text(self) -> str:
        """Everything that is no picture, in one."""
        names = [name for name in self.names if name.rpartition(".")[2] in ("json", "jsonl", "csv", "html")]
        return "\n".join(self.zip.read(name).decode() for name in names)

    def verify(self, sha256: str = "") -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, str(VERIFY), str(self.path), *([sha256] if sha256 else [])]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)


Export = Callable[..., Unpacked]


@pytest.fixture
def workspace(register: Any) -> Workspace:
    """Return the organization ``acme``."""
    owner = register("olga@example.com", username="olga")
    response = owner.api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    assert response.status_code == 201, response.content
    return Workspace(owner, "acme")


@pytest.fixture
def export(workspace: Workspace, run_outbox: Any, tmp_path: Path) -> Export:
    """Return a function that exports the organization and unpacks what its owner downloads."""

    def _export() -> Unpacked:
        job = workspace.start()
        run_outbox()
        job = workspace.job(job["id"])
        assert job["status"] == "ready", job
        response = Api().get(job["download_url"])
        assert response.status_code == 200, response
        path = tmp_path / f"{job['id']}.zip"
        path.write_bytes(b"".join(response.streaming_content))
        return Unpacked(path)

    return _export


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, ExportKind]:
    """Return the registered kinds of rows; what a test changes in it ends with the test."""
    found = dict(registry._export_kinds)
    monkeypatch.setattr(registry, "_export_kinds", found)
    return found


def status_of(url: str) -> int:
    """Return the status of a download by somebody who has only the link."""
    response = Api().get(url)
    if response.streaming:
        b"".join(response.streaming_content)  # the test client closes the file at the end of it
    return int(response.status_code)


def replace_rows(kinds: dict[str, ExportKind], kind: str, rows: Callable[[Any], Any]) -> None:
    """Have the rows of a kind come from somewhere else."""
    kinds[kind] = dataclasses.replace(kinds[kind], rows=rows)


def stored_files(media_root: Path) -> list[str]:
    """Return the names of all stored archives."""
    return sorted(path.name for path in (media_root / "exports").glob("*"))
