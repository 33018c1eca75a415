"""With all of its variables set, the demo is a deployment on PostgreSQL, a broker, a cache, SMTP and S3."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.example.conftest import StartDemo
from tests.example.demo import call
from tests.servers import s3
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpServer

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


def test_every_server_is_the_one_that_the_environment_names(
    start_demo: StartDemo, database: PostgresServer, valkey_url: str, smtp_server: SmtpServer, s3_server: s3.S3Server
) -> None:
    host, _, port = smtp_server.address.partition(":")
    demo = start_demo(
        DATABASE_URL=database.url,
        CELERY_BROKER_URL=valkey_url,
        CACHE_URL=f"{valkey_url.removesuffix('/0')}/1",
        EMAIL_HOST=host,
        EMAIL_PORT=port,
        FRONTEND_URL="https://app.example.com",
        S3_ENDPOINT_URL=s3_server.url,
        S3_BUCKET="made-by-the-demo",
        S3_ACCESS_KEY=s3.ACCESS_KEY,
        S3_SECRET_KEY=s3.SECRET_KEY,
        SECRET_KEY="x" * 50,
    )
    api = demo.wait_until_ready()
    assert call(f"{api}/health")[1]["status"] == "ok"
    _, answer = call(f"{api}/auth/register", {"email": "new@example.com", "password": "correct horse battery"})
    _, me = call(f"{api}/users/me", token=answer["access"])
    assert me["email"] == "new@example.com"
    mail = smtp_server.wait_for("new@example.com")
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "https://app.example.com/verify-email?token=" in plain.get_content()
    stored = s3_server.client().list_objects_v2(Bucket="made-by-the-demo")["Contents"]
    assert any(entry["Key"].startswith("avatars/") for entry in stored)
    _assert_avatar_redirects(api, demo.logins())
    _assert_no_mails_are_shown(api)
    kept = {file.name for file in demo.data.iterdir()}
    assert kept.isdisjoint({"db.sqlite3", "media", "mail", "valkey", "secret_key"})
    database.stop()
    status, health = call(f"{api}/health")
    assert (status, health["status"], health["checks"]["storage"]) == (503, "unavailable", "ok")


def _assert_no_mails_are_shown(api: str) -> None:
    """Look at the start page: it tells nothing of mails, folders and users, and there is no page of mails."""
    site = api.removesuffix("/api/v1")
    status, page = call(f"{site}/")
    assert status == 200
    assert not [word for word in (b"/mails/", b"logs", b"<code>ada</code>") if word in page]
    assert call(f"{site}/mails/")[0] == 404


def _assert_avatar_redirects(api: str, logins: dict[str, str]) -> None:
    """Fetch a seeded picture: the API's own address leads to the object store's."""
    email, password = next(iter(logins.items()))
    _, pair = call(f"{api}/token/pair", {"email": email, "password": password})
    _, me = call(f"{api}/users/me", token=pair["access"])
    assert urlsplit(me["avatar_url"]).path.startswith("/api/v1/media/")
    status, picture = call(me["avatar_url"])
    assert status == 200
    assert picture[8:12] == b"WEBP"
