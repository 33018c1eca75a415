"""What the environment says becomes settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from example import environment
from example.management.commands.demo import may_show_mails


def test_without_a_url_the_database_is_sqlite_in_the_folder(tmp_path: Path) -> None:
    found = environment.database("", tmp_path)
    assert found["ENGINE"].endswith("sqlite3")
    assert found["NAME"] == str(tmp_path / "db.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///here.db", "here.db"),
        ("sqlite:////there/it%20is.db", "/there/it is.db"),
        ("sqlite:////tmp/odd%23%3F.db", "/tmp/odd#?.db"),
    ],
)
def test_a_sqlite_url_names_a_file(url: str, name: str, tmp_path: Path) -> None:
    assert environment.database(url, tmp_path)["NAME"] == name


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgres_url_names_everything(scheme: str, tmp_path: Path) -> None:
    found = environment.database(f"{scheme}://me:p%40ss@db.example:5433/orgs?sslmode=require", tmp_path)
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("me", "p@ss", "db.example", 5433)
    assert found["NAME"] == "orgs"
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["CONN_MAX_AGE"] > 0


def test_options_of_a_postgres_url_win_over_those_of_the_example(tmp_path: Path) -> None:
    assert environment.database("postgres://db/orgs", tmp_path)["OPTIONS"] == {"connect_timeout": 5}
    found = environment.database("postgres://db/orgs?connect_timeout=9&options=-c%20work_mem%3D8MB", tmp_path)
    assert found["OPTIONS"] == {"connect_timeout": 9, "options": "-c work_mem=8MB"}


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1?"
    assert environment.database("", folder)["NAME"] == str(folder / "db.sqlite3")


@pytest.mark.parametrize("url", ["oracle://db/orgs", "nonsense", "postgres://db:port/orgs"])
def test_another_database_is_refused_with_a_reason(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.database(url, tmp_path)


def test_a_cache_is_given_up_after_two_seconds() -> None:
    found = environment.cache("rediss://:word@cache.example:6380/1?ssl_cert_reqs=none")
    assert found["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    assert found["LOCATION"] == "rediss://:word@cache.example:6380/1?ssl_cert_reqs=none"
    assert found["OPTIONS"] == {"socket_timeout": 2, "socket_connect_timeout": 2}


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    key = environment.secret_key(tmp_path)
    assert len(key) >= 50
    assert environment.secret_key(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_the_secret_key_of_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "given")
    assert environment.secret_key(tmp_path) == "given"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://api.example.com/api/v1/", "https://api.example.com/api/v1"),
        ("https://api.example.com", "https://api.example.com/api/v1"),
        ("https://example.com/base/api/v1", "https://example.com/base/api/v1"),
    ],
)
def test_the_url_of_the_api_may_leave_the_mount_point_out(
    given: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_URL", given)
    assert environment.api_url() == url
    assert url.split("/")[2] in environment.allowed_hosts(url)


def test_mails_are_files_unless_there_is_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_HOST", raising=False)
    assert environment.mail(tmp_path)[1] == {"file_path": str(tmp_path / "mail")}
    monkeypatch.setenv("EMAIL_HOST", "mail.example.com")
    monkeypatch.setenv("EMAIL_PORT", "2525")
    backend, options = environment.mail(tmp_path)
    assert backend.endswith("smtp.EmailBackend")
    assert (options["host"], options["port"]) == ("mail.example.com", 2525)


def test_only_a_demo_shows_its_mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_HOST", raising=False)
    monkeypatch.delenv("DEMO_SHOWS_MAILS", raising=False)
    assert environment.shown_mails(tmp_path) is None
    monkeypatch.setenv("DEMO_SHOWS_MAILS", "on")
    assert environment.shown_mails(tmp_path) == tmp_path / "mail"
    monkeypatch.setenv("EMAIL_HOST", "mail.example.com")
    assert environment.shown_mails(tmp_path) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_demo_on_this_machine_alone_shows_its_mails(host: str) -> None:
    assert may_show_mails(host, {})


@pytest.mark.parametrize(
    ("host", "variables"),
    [
        ("0.0.0.0", {}),
        ("::", {}),
        ("192.0.2.7", {}),
        ("127.0.0.1", {"API_URL": "https://api.example.com"}),
        ("127.0.0.1", {"EMAIL_HOST": "mail.example.com"}),
    ],
)
def test_a_demo_that_others_can_reach_shows_no_mails(host: str, variables: dict[str, str]) -> None:
    assert not may_show_mails(host, variables)


def test_files_are_local_unless_there_is_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3_BUCKET", raising=False)
    assert environment.file_storage(tmp_path)["OPTIONS"]["location"] == str(tmp_path / "media")
    monkeypatch.setenv("S3_BUCKET", "pictures")
    assert environment.file_storage(tmp_path)["OPTIONS"]["bucket_name"] == "pictures"
