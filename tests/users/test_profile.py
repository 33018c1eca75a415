"""The profile: which fields can be changed, and which values are refused."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from PIL import Image

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.profiles import update_profile
from tests.client import Api, Person
from tests.conftest import CountQueries, Register, RunOutbox
from tests.media.files import files_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com", username="ann")


def picture(size: tuple[int, int] = (800, 600), kind: str = "PNG") -> BytesIO:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    file.seek(0)
    file.name = "me.png"
    return file


def test_a_profile_change_keeps_the_other_fields(ann: Person) -> None:
    change = {
        "display_name": "Ann L.",
        "about": "one\r\ntwo\tthree",
        "preferred_language": "de-CH",
        "preferred_theme": "dark",
        "timezone": "Europe/Zurich",
        "notification_preferences": {"mail": True},
        "finished_onboarding": True,
    }
    before = ann.api.get("/users/me").json()
    answer = ann.api.patch("/users/me", change)
    assert answer.status_code == 200
    assert answer.json() == {**before, **change, "about": "one\ntwo\tthree"}
    assert ann.api.get("/users/me").json() == answer.json()


@pytest.mark.parametrize(
    "change",
    [
        {"username": ""},
        {"username": None},
        {"username": "admin"},
        {"display_name": "x" * 256},
        {"display_name": "a\x00b"},
        {"display_name": "a\nb"},
        {"about": "x" * 10_001},
        {"about": "a\x07b"},
        {"preferred_theme": "pink"},
        {"preferred_language": "not a tag!"},
        {"preferred_language": "en-a"},
        {"preferred_language": "en-GB-US"},
        {"timezone": "localtime"},
        {"timezone": "Factory"},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"notification_preferences": {str(n): 1 for n in range(51)}},
        {"notification_preferences": {"k": "x" * 5000}},
        {"notification_preferences": []},
        {"finished_onboarding": "maybe"},
        {"finished_onboarding": "yes"},
        {"finished_onboarding": 1},
        {"finished_onboarding": None},
        {"custom": []},
        {"custom": {"k": "x" * 20_000}},
        {"email": "new@example.com"},
        {"slug": "other"},
        {"is_staff": True},
        [],
    ],
)
def test_invalid_values_are_refused_and_change_nothing(ann: Person, change: Any) -> None:
    before = ann.api.get("/users/me").json()
    answer = ann.api.patch("/users/me", change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][:2] == ["body", *([*change][:1])]
    assert ann.api.get("/users/me").json() == before


@pytest.mark.parametrize("tag", ["zh-Hant-TW", "de-1996", "en-u-ca-gregory-x-a", "x-private", "i-klingon", "es-419"])
def test_every_well_formed_language_tag_is_accepted(ann: Person, tag: str) -> None:
    assert ann.api.patch("/users/me", {"preferred_language": tag}).json()["preferred_language"] == tag


def test_preferences_are_measured_as_compact_utf_8(ann: Person) -> None:
    for value, status in (("é" * 2044, 200), ("é" * 2045, 422)):  # with {"a":""} 4,096 bytes, and two more
        assert ann.api.patch("/users/me", {"notification_preferences": {"a": value}}).status_code == status


def test_changing_the_username_changes_the_host_user_and_keeps_the_slug(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    slug = ann.slug
    assert ann.api.patch("/users/me", {"username": "Anna"}).json()["username"] == "Anna"
    assert django_user_model.objects.get().username == "Anna"
    assert ann.api.get("/users/me").json()["slug"] == slug
    assert api.post("/token/pair", {"username": "anna", "password": ann.password}).status_code == 200


def test_a_user_can_change_the_spelling_of_their_own_username_only(ann: Person, register: Register) -> None:
    register(email="bob@example.com", username="bob")
    assert ann.api.patch("/users/me", {"username": "A.N.N"}).status_code == 200
    taken = ann.api.patch("/users/me", {"username": "B_o-b"})
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")


def test_names_are_shared_with_the_host_user(ann: Person, django_user_model: type[User]) -> None:
    ann.api.patch("/users/me", {"first_name": "Ann", "last_name": "Lee"})
    user = django_user_model.objects.get()
    assert user.get_full_name() == "Ann Lee"
    user.first_name = "Anna"
    user.save()
    assert ann.api.get("/users/me").json()["first_name"] == "Anna"


def test_a_profile_change_does_not_undo_a_password_change(ann: Person, django_user_model: type[User]) -> None:
    user = django_user_model.objects.get()
    user.set_password("another-Pass-2")
    django_user_model.objects.update(password=user.password)
    update_profile(Account.objects.get(), {"first_name": "Ann"})
    assert django_user_model.objects.get().check_password("another-Pass-2")


def test_an_avatar_is_square_in_two_sizes_and_replaces_the_old_one(
    ann: Person, api: Api, media_root: Path, run_outbox: RunOutbox
) -> None:
    first = ann.api.upload("/users/avatar", file=picture())
    assert first.status_code == 200
    for name, side in (("avatar_url", 160), ("avatar_large_url", 600)):
        answer = api.get(first.json()[name])
        assert answer.status_code == 200
        assert Image.open(BytesIO(b"".join(answer.streaming_content))).size == (side, side)
    second = ann.api.upload("/users/avatar", file=picture((60, 60)))
    run_outbox()
    assert ann.api.get("/users/me").json()["avatar_url"] == second.json()["avatar_url"] != first.json()["avatar_url"]
    assert api.get(first.json()["avatar_url"]).status_code == 404
    assert len(files_in(media_root)) == 2


def test_an_avatar_can_be_removed_once(ann: Person, media_root: Path, run_outbox: RunOutbox) -> None:
    ann.api.upload("/users/avatar", file=picture())
    assert ann.api.delete("/users/avatar").status_code == 204
    assert ann.api.delete("/users/avatar").status_code == 404
    run_outbox()
    assert ann.api.get("/users/me").json()["avatar_url"] is None
    assert not files_in(media_root)


def test_an_unusable_picture_is_refused_and_leaves_no_file(ann: Person, media_root: Path) -> None:
    text = BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    text.name = "me.png"
    broken = BytesIO(picture().read()[:60])
    broken.name = "me.png"
    huge = BytesIO(b"\x89PNG\r\n\x1a\n" + b"x" * (5 * 1024 * 1024))
    huge.name = "me.png"
    statuses = [ann.api.upload("/users/avatar", file=file).status_code for file in (text, broken, huge)]
    assert statuses == [415, 422, 413]
    assert ann.api.upload("/users/avatar").status_code == 422
    assert not files_in(media_root)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("free", None),
        ("Ann", "taken"),
        ("a.n_n", "taken"),
        ("admin", "reserved"),
        ("me", "reserved"),
        ("no spaces", "invalid"),
        ("ab", "invalid"),
        ("...", "invalid"),
        ("x" * 300, "invalid"),
    ],
)
def test_anybody_can_check_whether_a_username_is_available(
    api: Api, ann: Person, name: str, reason: str | None
) -> None:
    answer = api.get("/users/check_username", username=name)
    assert answer.status_code == 200
    assert answer.json() == {"username": name, "available": reason is None, "reason": reason}


def test_checking_without_a_username_is_a_validation_error(api: Api) -> None:
    assert api.get("/users/check_username").status_code == 422


def test_reading_my_profile_runs_two_statements(ann: Person, count_queries: CountQueries) -> None:
    with count_queries() as queries:
        ann.api.get("/users/me")
    assert len(queries) == 2
