"""Query parameters: unknown ones are refused, and values are read strictly."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from tests.client import Api
from tests.org import Org
from tests.protocol.document import PATHS

pytestmark = pytest.mark.django_db

OPEN_LINKS = ["/health", "/media/nothing", "/exports/download?token=nothing", "/auth/email/verify?token=nothing"]


@pytest.mark.parametrize("parameter", ["ordring", "tagz", "LIMIT", "created_before", "page"])
def test_a_misspelt_filter_is_refused_instead_of_showing_everything(org: Org, parameter: str) -> None:
    org.add_contact("Ada")
    response = org.api.get(f"/contacts/?{parameter}=name")
    assert (response.status_code, response.json()["code"]) == (422, "unknown_parameter")
    assert [error["loc"] for error in response.json()["errors"]] == [["query", parameter]]


def test_the_name_of_an_unknown_parameter_is_cut(org: Org) -> None:
    response = org.api.get(f"/contacts/?{'x' * 500}=1")
    assert response.json()["errors"][0]["loc"] == ["query", "x" * 64]


def test_an_unknown_parameter_wins_over_other_faults(org: Org) -> None:
    response = org.api.get(org.tags_path, limit="none", bogus="1")
    assert response.json()["code"] == "unknown_parameter"
    response = org.api.post(f"{org.tags_path}?bogus=1", {"nonsense": 1})
    assert response.json()["code"] == "unknown_parameter"


@pytest.mark.parametrize("query", ["limit=1&limit=2", "ordering=email&ordering=-email", "search=Ada&search="])
def test_a_repeated_parameter_is_refused_instead_of_reading_its_last_value(org: Org, query: str) -> None:
    org.add_contact("Ada")
    response = org.api.get(f"/contacts/?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["query", query.partition("=")[0]], "repeated")


def test_an_unknown_parameter_wins_over_a_repeated_one(org: Org) -> None:
    response = org.api.get("/contacts/?limit=1&limit=2&bogus=1")
    assert response.json()["code"] == "unknown_parameter"


def test_permission_is_decided_before_a_repeated_parameter(org: Org) -> None:
    assert org.stranger.api.get(f"{org.path}members/?limit=1&limit=2").status_code == 404
    assert org.as_("viewer").get(f"{org.path}invitations/?limit=1&limit=2").status_code == 403


def test_a_parameter_that_is_a_list_may_be_repeated(org: Org) -> None:
    for name in ("tag", "tag_any", "tag_none"):
        assert org.api.get(f"/contacts/?{name}=vip&{name}=lead").status_code == 200


@pytest.mark.parametrize("ordering", ["", "-", "--email", "email ", "Email", "id"])
def test_an_ordering_is_one_of_those_that_the_list_documents(org: Org, ordering: str) -> None:
    response = org.api.get("/contacts/?" + urlencode({"ordering": ordering}))
    assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, ["query", "ordering"])


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "cp037", "UTF8", "no-such-charset"])
def test_a_query_is_read_in_utf_8_whatever_charset_the_content_type_names(org: Org, charset: str) -> None:
    org.add_contact("Zo\u00eb")
    query = urlencode({"search": "Zo\u00eb"})
    headers = {"Content-Type": f"application/json; charset={charset}"}
    response = org.api.get(f"/contacts/?{query}", headers=headers)
    assert [contact["display_name"] for contact in response.json()["items"]] == ["Zo\u00eb"]


def test_a_query_is_read_in_utf_8_whatever_charset_the_host_prefers(org: Org, settings: Settings) -> None:
    settings.DEFAULT_CHARSET = "latin-1"
    org.add_contact("Zo\u00eb")
    response = org.api.get("/contacts/?" + urlencode({"search": "Zo\u00eb"}))
    assert [contact["display_name"] for contact in response.json()["items"]] == ["Zo\u00eb"]


def test_permission_is_decided_before_the_query(org: Org) -> None:
    assert org.stranger.api.get(f"{org.path}members/", bogus="1").status_code == 404
    assert org.as_("viewer").get(f"{org.path}invitations/", bogus="1").status_code == 403
    contact = org.add_contact("Ada")
    assert org.stranger.api.get(f"/contacts/{contact['slug']}/", bogus="1").status_code == 404
    assert Api().get("/users/me", bogus="1").status_code == 401


def test_writes_know_their_query_too(org: Org) -> None:
    response = org.api.delete(f"{org.path}?confirm={org.slug}&force=1")
    assert response.json()["code"] == "unknown_parameter"
    assert org.api.get(org.path).status_code == 200


@pytest.mark.parametrize("path", OPEN_LINKS)
def test_links_that_people_open_ignore_unknown_parameters(path: str) -> None:
    separator = "&" if "?" in path else "?"
    assert Api().get(path).status_code == Api().get(f"{path}{separator}utm_source=mail").status_code


@pytest.mark.parametrize(
    "value",
    ["20260101", "2026-01-01", "1767225600", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00Z", "now"],
)
@pytest.mark.parametrize("parameter", ["created_after", "updated_after"])
def test_times_have_a_date_a_time_and_an_offset(org: Org, parameter: str, value: str) -> None:
    response = org.api.get("/contacts/?" + urlencode({parameter: value}))
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00.123456z", "2026-01-01T02:00:00+02:00"])
def test_times_of_rfc_3339_are_accepted(org: Org, value: str) -> None:
    org.add_contact("Ada")
    assert len(org.api.get("/contacts/", created_after=value).json()["items"]) == 1


@pytest.mark.parametrize("value", ["1_0", "5.0", "+5", " 5", "5e0", "\u0665", "", "-1"])
@pytest.mark.parametrize("parameter", ["limit", "offset"])
def test_numbers_are_digits_only(org: Org, parameter: str, value: str) -> None:
    response = org.api.get(f"{org.tags_path}?" + urlencode({parameter: value}))
    assert response.status_code == 422


@pytest.mark.parametrize("value", ["yes", "on", "t", "TRUE", "2", "", " 1"])
def test_choices_are_true_or_false(org: Org, value: str) -> None:
    assert org.api.get(org.tags_path, count=value).status_code == 422
    assert org.api.get("/health", live=value).status_code == 422


@pytest.mark.parametrize(("value", "count"), [("true", 0), ("1", 0), ("false", None), ("0", None)])
def test_choices_may_be_digits(org: Org, value: str, count: int | None) -> None:
    assert org.api.get(org.tags_path, count=value).json()["count"] == count


@pytest.mark.parametrize("value", ["1_0", "5.0", "+5", " 5", "5e0", "\u0665", "", "-1"])
def test_numbers_of_a_form_are_digits_only(org: Org, value: str) -> None:
    body = urlencode({"ids": value})
    response = org.api.send(
        "POST", f"{org.images_root}/bulk-delete/", body, content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, ["body", "ids", 0])


def test_every_route_but_the_open_links_documents_unknown_parameters() -> None:
    lenient = set()
    for path, operations in PATHS.items():
        for method, operation in operations.items():
            codes = str(operation["responses"].get(422, ""))
            if "unknown_parameter" not in codes:
                lenient.add(f"{method} {path}")
    assert lenient == {
        "get /health",
        "get /media/{token}",
        "get /exports/download",
        "get /auth/email/verify",
    }


def test_a_body_without_a_length_is_a_documented_answer() -> None:
    assert "length_required" in str(PATHS["/contacts/"]["post"]["responses"][411])
