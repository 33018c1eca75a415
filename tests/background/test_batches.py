"""One bad item of a batch does not keep the others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Retry
from django.db.models.signals import pre_delete, pre_save
from django.utils import timezone

from ninja_orgkit.background.tasks import DELETE_FILES, delete_files
from ninja_orgkit.exports import services as exports
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.media import storage
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.services import organizations
from shop.models import Product, Shop
from tests.media.files import files_in
from tests.org import Org


def _stuck(media_root: Path) -> str:
    """Return the name of a file that cannot be deleted: it is a folder that is not empty."""
    (media_root / "images" / "stuck" / "inside").mkdir(parents=True)
    return "images/stuck"


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_file_that_cannot_be_deleted_keeps_no_other(media_root: Path, place: int) -> None:
    names = [storage.save("images", "png", b"x") for _ in range(3)]
    names.insert(place, _stuck(media_root))
    with pytest.raises(Retry) as raised:
        delete_files.apply(kwargs={"names": names}, throw=True)
    assert files_in(media_root) == []
    assert raised.value.sig.kwargs == {"names": ["images/stuck"]}


def test_files_that_are_gone_already_are_no_failure(media_root: Path) -> None:
    name = storage.save("images", "png", b"x")
    delete_files.apply(kwargs={"names": ["images/gone.png", name, name]}, throw=True)
    assert files_in(media_root) == []


@pytest.mark.parametrize("how_many", [1, 4])
def test_an_object_of_a_host_that_cannot_be_deleted_keeps_no_other(
    org: Org, monkeypatch: pytest.MonkeyPatch, how_many: int
) -> None:
    monkeypatch.setattr(organizations, "BATCH", 2)
    shop = Shop.objects.create(organization=org.row, name="Corner")
    Product.objects.bulk_create(Product(shop=shop, sku=f"s{number}", name="x", price=1) for number in range(5))
    org.add_contact()

    def refuse(sender: Any, instance: Product, **kwargs: Any) -> None:
        if int(instance.sku[1:]) < how_many:
            raise RuntimeError("This product is on its way.")

    organizations.close_organization(org.row)
    pre_delete.connect(refuse, sender=Product)
    try:
        organizations.purge_organization(org.row)
    finally:
        pre_delete.disconnect(refuse, sender=Product)
    assert Product.objects.count() == how_many
    assert not org.row.contacts.exists()
    assert Organization.objects.filter(slug="acme").exists()
    organizations.purge_organization(org.row)
    assert not Organization.objects.filter(slug="acme").exists()
    assert not Product.objects.exists()


def test_an_export_that_cannot_be_expired_keeps_no_other(org: Org) -> None:
    past = timezone.now() - timedelta(days=1)
    ready = {"status": ExportJob.Status.READY, "lease_until": past, "expires_at": past}
    jobs = [ExportJob.objects.create(organization=org.row, file=f"exports/{name}.zip", **ready) for name in "abc"]

    def refuse(sender: Any, instance: ExportJob, **kwargs: Any) -> None:
        if instance.pk == jobs[0].pk:
            raise RuntimeError("This job is being audited.")

    pre_save.connect(refuse, sender=ExportJob)
    try:
        assert exports.expire_exports() == 2
    finally:
        pre_save.disconnect(refuse, sender=ExportJob)
    assert [ExportJob.objects.get(pk=job.pk).status for job in jobs] == ["ready", "expired", "expired"]
    deleted = OutboxMessage.objects.filter(task=DELETE_FILES).values_list("kwargs", flat=True)
    assert sorted(kwargs["names"] for kwargs in deleted) == [["exports/b.zip"], ["exports/c.zip"]]
