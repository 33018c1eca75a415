"""Mails and problems speak German, French, Spanish and Italian, in the language that Django has activated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import translation
from pytest_django import Settings

from docs import translate
from ninja_orgkit.contacts.admin import ContactAdmin
from ninja_orgkit.custom.forms import JsonObjectField
from ninja_orgkit.errors import Conflict
from ninja_orgkit.exports.admin import ExportJobAdmin
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from tests.client import Api, Person
from tests.conftest import Mailbox, Register, RunOutbox
from tests.org import Org

Texts = dict[translate.Text, set[str]]

ACCEPT_GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
SUBJECTS = {
    "en": "Verify your e-mail address",
    "de": "Bestätigen Sie Ihre E-Mail-Adresse",
    "fr": "Confirmez votre adresse e-mail",
    "es": "Confirme su dirección de correo",
    "it": "Confermi il Suo indirizzo e-mail",
}


@pytest.fixture(scope="session")
def texts() -> Texts:
    """Return every text that can be translated."""
    return translate.texts()


@pytest.fixture
def by_header(settings: Settings) -> Iterator[None]:
    """Let the header decide, as a host does that installs LocaleMiddleware. It leaves the language active."""
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    with translation.override("en"):
        yield


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|\{\w+\}|</?\w+>", text))


@pytest.mark.once
@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_no_translation_is_missing_or_in_doubt(language: str, texts: Texts) -> None:
    catalog = translate.read_catalogue(language)
    assert {message.id for message in catalog if message.id} == set(texts), "Run docs/translate.py."
    assert translate.untranslated(catalog) == [], f"Translate these in {translate.catalogue_path(language)}."
    assert not catalog.obsolete


@pytest.mark.once
@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_a_translation_has_the_placeholders_of_the_text(language: str) -> None:
    for message in translate.read_catalogue(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if ids[0]:
            assert {tuple(_placeholders(str(form))) for form in forms} == {
                tuple(_placeholders(str(text))) for text in ids
            }


@pytest.mark.once
@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_the_catalogue_is_compiled(language: str, texts: Texts) -> None:
    path = translate.catalogue_path(language)
    source, compiled = translate.written(translate.updated(language, texts))
    assert (path.read_bytes(), path.with_suffix(".mo").read_bytes()) == (source, compiled), "Run docs/translate.py."


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        ("en", "Not found", "This does not exist, or you are not allowed to see it."),
        ("de", "Nicht gefunden", "Das gibt es nicht, oder Sie dürfen es nicht sehen."),
        ("fr", "Introuvable", "Cela n’existe pas, ou vous n’êtes pas autorisé à le voir."),
        ("es", "No encontrado", "Esto no existe, o no tiene permiso para verlo."),
        ("it", "Non trovato", "Questo non esiste, o non ha il permesso di vederlo."),
    ],
)
def test_a_problem_is_in_the_language_of_the_request(
    org: Org, by_header: None, language: str, title: str, detail: str
) -> None:
    for client, path in ((org.owner.api.as_user(org.owner.access), "/orgs/nowhere/"), (Api(), "/no-such-route")):
        answer = client.get(path, headers={"Accept-Language": language})
        body = answer.json()
        assert (answer.status_code, body["code"], body["title"], body["detail"]) == (404, "not_found", title, detail)
        assert answer["Content-Language"] == language
        assert "Accept-Language" in answer["Vary"]


def test_the_header_decides_only_where_the_host_lets_it(org: Org) -> None:
    answer = org.api.get("/orgs/nowhere/", headers=ACCEPT_GERMAN)
    assert answer.json()["title"] == "Not found"
    assert not answer.has_header("Content-Language")


def test_validation_speaks_the_language_of_the_request(org: Org, by_header: None) -> None:
    api = org.api.as_user(org.owner.access)
    wrong = {"organization": "acme", "email": "nobody", "first_name": "x" * 151, "notes": 1, "plan": "gold"}
    answer = api.post("/contacts/", wrong, headers=ACCEPT_GERMAN).json()
    assert answer["detail"] == "Einige Werte sind ungültig. errors führt sie auf."
    assert {error["loc"][-1]: (error["type"], error["msg"]) for error in answer["errors"]} == {
        "email": ("email", "Das ist keine E-Mail-Adresse"),
        "first_name": ("string_too_long", "Der Text darf höchstens 150 Zeichen haben"),
        "notes": ("string_type", "Der Wert muss ein Text sein"),
        "plan": ("extra_forbidden", "Weitere Angaben sind nicht erlaubt"),
    }
    page = api.get("/contacts/", organization="acme", limit=500, headers=ACCEPT_GERMAN).json()
    assert page["errors"][0]["msg"] == "Der Wert muss zwischen 1 und 200 liegen"


def test_the_language_changes_neither_code_nor_etag_nor_what_is_stored(org: Org, by_header: None) -> None:
    api = org.api.as_user(org.owner.access)
    english = api.get(org.path)
    german = api.get(org.path, headers=ACCEPT_GERMAN)
    assert (german.content, german["ETag"]) == (english.content, english["ETag"])
    assert api.get(org.path, headers={**ACCEPT_GERMAN, "If-None-Match": english["ETag"]}).status_code == 304


def test_an_error_of_a_host_stays_as_it_is_without_a_translation() -> None:
    class OutOfStock(Conflict):
        """This product is not in stock."""

    with translation.override("de"):
        assert OutOfStock().detail == "This product is not in stock."
        assert Conflict().detail == "Die Anfrage steht im Widerspruch zum aktuellen Zustand."


@pytest.mark.parametrize(("language", "subject"), SUBJECTS.items())
def test_a_mail_is_in_the_language_of_its_receiver(
    register: Register, run_outbox: RunOutbox, mailbox: Mailbox, language: str, subject: str
) -> None:
    ann = register(email="ann@example.com", password="sturdy-Pass-1")
    ann.api.patch("/users/me", {"preferred_language": language})
    run_outbox()
    (mail,) = mailbox
    assert mail.subject == subject
    assert f'<html lang="{language}">' in str(mail.alternatives[0][0])


def test_a_receiver_without_a_language_gets_that_of_the_request(
    by_header: None, db: None, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    body = {"email": "ann@example.com", "password": "sturdy-Pass-1"}
    assert Api().post("/auth/register", body, headers=ACCEPT_GERMAN).status_code == 201
    translation.activate("en")  # as in a worker
    assert {message.language for message in OutboxMessage.objects.all()} == {"de"}
    run_outbox()
    assert mailbox[0].subject == SUBJECTS["de"]
    assert translation.get_language() == "en"


@pytest.mark.parametrize("wanted", ["tlh", ""])
def test_a_language_that_the_host_does_not_have_is_the_default(
    register: Register, run_outbox: RunOutbox, mailbox: Mailbox, wanted: str
) -> None:
    ann: Person = register(email="ann@example.com", password="sturdy-Pass-1")
    ann.api.patch("/users/me", {"preferred_language": wanted})
    run_outbox()
    assert mailbox[0].subject == SUBJECTS["en"]


def test_what_a_route_says_of_its_success_is_translated(by_header: None, db: None) -> None:
    answer: Any = Api().post("/auth/password-reset/request", {"email": "ann@example.com"}, headers=ACCEPT_GERMAN)
    assert answer.json() == {"detail": "Wenn ein Konto diese Adresse hat, haben wir einen Link an sie geschickt."}


def test_the_admin_refuses_and_warns_in_the_active_language() -> None:
    with translation.override("de"):
        with pytest.raises(ValidationError) as refused:
            Organization(name="\u2060").clean()
        assert refused.value.message_dict == {"name": ["Geben Sie einen Namen ein, den man sehen kann."]}
        with pytest.raises(ValidationError) as refused:
            JsonObjectField().clean("[]")
        assert refused.value.messages == ["Geben Sie ein JSON-Objekt ein."]
        with pytest.raises(ValidationError) as refused:
            JsonObjectField().clean('{"a": "\\u0000"}')
        assert refused.value.messages == [translation.gettext("NUL and lone surrogates are not allowed")]
        assert refused.value.messages != ["NUL and lone surrogates are not allowed"]
        assert str(ContactAdmin.search_help_text) == "Namen, E-Mail, Telefon oder Notizen"
        assert ExportJobAdmin(ExportJob, admin.site).progress(ExportJob(done=1, total=4)) == "1 von 4 (25 %)"
