"""Nothing slow happens inside a transaction: no decoding, encoding or hashing, and nothing that needs the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from ninja_orgkit.models import IdempotencyRecord
from tests.conftest import RunOutbox
from tests.media.pictures import picture
from tests.org import Org
from tests.outside import slow_work_outside_transactions
from tests.protocol.samples import path_parts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def done(settings: Settings) -> Iterator[set[str]]:
    """Return what was done that is slow. It fails inside a transaction."""
    with slow_work_outside_transactions(settings) as done:
        yield done


@pytest.mark.parametrize("keys", [False, True])
def test_no_transaction_waits_for_an_upload(org: Org, done: set[str], *, keys: bool) -> None:
    contact = org.add_contact()
    numbers = iter(range(10))

    def upload(path: str, **fields: Any) -> None:
        headers = {"Idempotency-Key": f"key-{next(numbers)}"} if keys else {}
        answer = org.api.upload(path, headers=headers, **fields)
        assert answer.status_code in (200, 201), answer.content

    done.clear()
    again = picture()
    for _ in range(2):
        again.seek(0)
        upload(org.images_path, file=again)
    upload(f"{org.images_root}/bulk-upload/", files=[picture(), picture()])
    for _ in range(2):
        upload("/users/avatar", file=picture())
        upload(f"{org.path}logo/", file=picture())
        upload(f"/contacts/{contact['slug']}/avatar/", file=picture())
    assert {"a picture is decoded", "a picture is encoded", "a file is stored", "a file is looked for"} <= done
    assert IdempotencyRecord.objects.exclude(status=None).count() == (9 if keys else 0)


def test_no_transaction_waits_for_the_rest(org: Org, run_outbox: RunOutbox, done: set[str]) -> None:
    parts = path_parts(org)
    run_outbox()
    for path in (org.image_path(parts["image_id"]), f"{org.exports_path}{parts['job_id']}/"):
        assert org.api.delete(path).status_code == 204
    assert org.api.delete(f"{org.path}?confirm={org.slug}").status_code == 204
    run_outbox()
    org.api.post("/auth/password-reset/request", {"email": org.owner.email})
    run_outbox()
    assert org.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert {"a mail is sent", "a file is deleted", "a message is sent to the broker", "a picture is scaled"} <= done
