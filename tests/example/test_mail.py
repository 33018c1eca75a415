"""Mails that are files can be read, and their links copied."""

from __future__ import annotations

from pathlib import Path

from django.core.mail import EmailMultiAlternatives

from example import mail

LINK = f"https://app.example.com/verify-email?token={'x.y-z_' * 200}"


def _message() -> EmailMultiAlternatives:
    message = EmailMultiAlternatives("Grüße aus Göttingen", f"Schöne Grüße\n\n{LINK}\n", to=["Ägidius <a@example.com>"])
    message.attach_alternative(f'<a href="{LINK}">Größe</a>', "text/html")
    return message


def test_headers_and_texts_are_plain_utf_8_and_links_are_whole() -> None:
    lines = mail.readable(_message().message().as_bytes()).decode().splitlines()
    assert "Subject: Grüße aus Göttingen" in lines
    assert "Schöne Grüße" in lines
    assert LINK in lines
    assert f'<a href="{LINK}">Größe</a>' in lines
    assert not any("quoted-printable" in line or "base64" in line for line in lines)


def test_a_readable_mail_is_still_a_mail() -> None:
    found = mail.read(mail.readable(_message().message().as_bytes()))
    assert found["Subject"] == "Grüße aus Göttingen"
    assert found["To"] == "Ägidius <a@example.com>"
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain = found.get_body(("plain",))
    assert plain is not None
    assert LINK in plain.get_content()


def test_each_mail_is_a_file_of_its_own_named_after_its_subject(tmp_path: Path) -> None:
    backend = mail.EmailBackend(file_path=str(tmp_path))
    assert backend.send_messages([_message(), _message()]) == 2
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert all(file.name.endswith(".eml") and "-grue-aus-gottingen-" in file.name for file in files)


def test_a_mail_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    backend = mail.EmailBackend(file_path=str(tmp_path))
    broken = EmailMultiAlternatives("a\nb", "text", to=["a@example.com"])
    try:
        backend.send_messages([broken])
    except ValueError:
        assert not list(tmp_path.iterdir())
    else:
        raise AssertionError("a header with a line break was written")
