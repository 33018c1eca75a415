"""Avatars are stored and deleted in two sizes."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from PIL import Image
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.errors import NotFound
from ninja_orgkit.media.avatars import avatar_names, clear_avatar, set_avatar
from ninja_orgkit.media.errors import FileTooLarge, InvalidImage, NoAvatar, UnsupportedImage
from ninja_orgkit.media.storage import StoredFiles
from tests.conftest import RunOutbox
from tests.media import pictures


class Interrupted(Exception):
    """An error that has nothing to do with files."""


def files_below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def account(db: None, django_user_model: Any) -> Account:
    user = django_user_model.objects.create_user("ada", "ada@example.com", "x")
    return Account.objects.get(user=user)


def test_setting_an_avatar_stores_both_sizes(account: Account, media_root: Path) -> None:
    set_avatar(account, file=pictures.photo(orientation=6))
    account.refresh_from_db()
    assert files_below(media_root) == set(avatar_names(account)) == {account.avatar, account.avatar_large}
    for name, side in ((account.avatar, 160), (account.avatar_large, 600)):
        with Image.open(media_root / name) as image:
            assert image.size == (side, side)


def test_replacing_an_avatar_deletes_only_the_old_files(
    account: Account, media_root: Path, run_outbox: RunOutbox
) -> None:
    set_avatar(account, file=pictures.photo())
    old = set(avatar_names(account))
    set_avatar(account, file=pictures.photo())
    new = set(avatar_names(account))
    assert files_below(media_root) == old | new  # until the change is committed somebody may still look at it
    run_outbox()
    assert files_below(media_root) == new
    assert not old & new


def test_clearing_an_avatar_deletes_both_files(account: Account, media_root: Path, run_outbox: RunOutbox) -> None:
    set_avatar(account, file=pictures.photo())
    clear_avatar(account)
    run_outbox()
    account.refresh_from_db()
    assert (account.avatar, account.avatar_large, files_below(media_root)) == ("", "", set())
    with pytest.raises(NoAvatar):
        clear_avatar(account)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (pictures.SVG, UnsupportedImage),
        (pictures.HTML, UnsupportedImage),
        (b"", InvalidImage),
        (b"\xff\xd8\xff\xe0", InvalidImage),
    ],
)
def test_an_unusable_picture_changes_nothing(
    account: Account, media_root: Path, content: bytes, error: type[Exception]
) -> None:
    set_avatar(account, file=pictures.photo())
    before = files_below(media_root)
    with pytest.raises(error):
        set_avatar(account, file=SimpleUploadedFile("me.jpg", content, "image/jpeg"))
    assert files_below(media_root) == before == set(avatar_names(account))


def test_an_avatar_over_the_limit_is_refused(account: Account, settings: Settings, media_root: Path) -> None:
    settings.NINJA_ORGKIT = {"AVATAR_MAX_BYTES": 1000}
    with pytest.raises(FileTooLarge):
        set_avatar(account, file=SimpleUploadedFile("me.jpg", pictures.photo().getvalue(), "image/jpeg"))
    assert not files_below(media_root)


def test_no_file_is_left_when_the_account_has_been_deleted(account: Account, media_root: Path) -> None:
    Account.objects.filter(pk=account.pk).delete()
    with pytest.raises(NotFound):
        set_avatar(account, file=pictures.photo())
    assert not files_below(media_root)


def test_a_rollback_keeps_the_old_files(account: Account, media_root: Path, run_outbox: RunOutbox) -> None:
    set_avatar(account, file=pictures.photo())
    old = set(avatar_names(account))

    def change() -> None:
        with transaction.atomic():
            clear_avatar(account)
            raise Interrupted

    with pytest.raises(Interrupted):
        change()
    run_outbox()
    assert files_below(media_root) == old


def test_a_rollback_by_the_caller_leaves_no_new_file(account: Account, media_root: Path) -> None:
    def change() -> None:
        with StoredFiles() as stored_files, transaction.atomic():
            set_avatar(account, file=pictures.photo(), stored_files=stored_files)
            assert len(files_below(media_root)) == 2
            raise Interrupted

    with pytest.raises(Interrupted):
        change()
    account.refresh_from_db()
    assert (files_below(media_root), avatar_names(account)) == (set(), [])


def test_setting_an_avatar_keeps_concurrent_changes_of_other_fields(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(location="Berlin")
    set_avatar(account, file=pictures.photo())
    account.refresh_from_db()
    assert account.location == "Berlin"


@pytest.mark.django_db(transaction=True)
def test_avatars_set_concurrently_leave_the_files_of_one(
    account: Account, media_root: Path, run_outbox: RunOutbox
) -> None:
    content = pictures.photo(80, 60).getvalue()

    def change() -> None:
        set_avatar(Account.objects.get(pk=account.pk), file=BytesIO(content))
        connection.close()

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_outbox()
    account.refresh_from_db()
    assert files_below(media_root) == set(avatar_names(account))
