"""Routes of a host behind ``require`` let in those whom the kit's own routes let in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from django.urls import include, path
from ninja import NinjaAPI, Router

from ninja_orgkit.conf import Settings
from ninja_orgkit.errors import Unauthenticated
from ninja_orgkit.organizations.roles import permissions_of
from ninja_orgkit.protocol.problems import add_error_handlers
from ninja_orgkit.services import require
from tests.checks.messages import found_by_id
from tests.client import Api, statements_in, told
from tests.conftest import CountQueries
from tests.hosts.mounts import required
from tests.org import Org, account_of


@pytest.fixture(autouse=True)
def _routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.hosts.mounts.required"


def ask(api: Api, path: str, method: str = "GET") -> Any:
    """Ask a route of the host."""
    return Client().generic(method, f"/host{path}", headers=api._headers(None))


def test_the_caller_has_account_organization_membership_and_permissions(org: Org) -> None:
    api = org.as_("member")
    answer = ask(api, f"/orgs/{org.slug}/products/")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "account": api.get("/users/me").json()["slug"],
            "organization": org.slug,
            "membership": "member",
            "permissions": sorted(permissions_of("member")),
            "session": True,
            "key": None,
        },
    )


def test_the_answers_are_those_of_the_kits_own_routes(org: Org) -> None:
    stranger, viewer, nobody = org.stranger.api, org.as_("viewer"), Api()
    for api, status in ((nobody, 401), (Api("x"), 401), (stranger, 404), (viewer, 403)):
        ours = api.post(org.tags_path, {"name": "x"})
        answer = ask(api, f"/orgs/{org.slug}/products/", "POST")
        assert told(answer) == told(ours)
        assert answer.status_code == status
    assert ask(org.as_("member"), f"/orgs/{org.slug}/products/", "POST").json() == "Acme"


@pytest.mark.parametrize("slug", ["nowhere", "x" * 300, "%00", "a%0Ab", "%F0%9F%92%A9", "acme%20", "ACME"])
def test_what_is_no_organization_of_the_caller_is_not_found(org: Org, slug: str) -> None:
    foreign = ask(org.stranger.api, f"/orgs/{org.slug}/products/")
    answer = ask(org.api, f"/orgs/{slug}/products/")
    assert answer.status_code == 404
    assert told(answer) == told(foreign)
    assert ask(Api(), f"/orgs/{slug}/products/").status_code == 401


def test_one_statement_finds_caller_membership_and_permission(org: Org, count_queries: CountQueries) -> None:
    counts = {}
    for name, api in (("member", org.as_("member")), ("viewer", org.as_("viewer")), ("stranger", org.stranger.api)):
        with count_queries() as queries:
            ask(api, f"/orgs/{org.slug}/products/", "POST")
        counts[name] = len(statements_in(queries))
    assert counts == {"member": 1, "viewer": 1, "stranger": 2}


def test_other_ways_to_sign_in_cost_one_statement_more(org: Org, count_queries: CountQueries, settings: Any) -> None:
    settings.NINJA_ORGKIT = {"AUTHENTICATION": ["ninja_orgkit.accounts.authentication.django_session"]}
    client = Client()
    client.force_login(get_user_model().objects.get(pk=account_of(org.owner).pk))
    with count_queries() as queries:
        answer = client.get(f"/host/orgs/{org.slug}/products/")
    assert (answer.status_code, answer.json()["session"], answer.json()["membership"]) == (200, False, "owner")
    # Session, user and account of the caller, then the membership.
    assert len(statements_in(queries)) == 4
    assert client.get("/host/orgs/other/products/").status_code == 404
    assert ask(org.api, f"/orgs/{org.slug}/products/").status_code == 401


def test_the_path_may_call_the_organization_otherwise(org: Org) -> None:
    assert ask(org.as_("viewer"), f"/teams/{org.slug}/").json() == "viewer"
    assert ask(org.stranger.api, f"/teams/{org.slug}/").status_code == 404
    assert ask(org.api, f"/owners/{org.slug}/").json() == "owner"
    assert ask(org.as_("admin"), f"/owners/{org.slug}/").status_code == 403
    with pytest.raises(ImproperlyConfigured, match="no parameter 'org_slug'"):
        ask(org.api, "/lost/")


@pytest.mark.django_db(transaction=True)
def test_an_asynchronous_endpoint_is_guarded_too(org: Org) -> None:
    assert ask(org.api, f"/teams/{org.slug}/async").json() == org.slug
    assert ask(org.stranger.api, f"/teams/{org.slug}/async").status_code == 404


def test_an_api_without_the_handlers_says_what_to_call(db: None) -> None:
    with override_settings(ROOT_URLCONF=(path("host/", required.bare.urls),)):
        with pytest.raises(Unauthenticated) as raised:
            ask(Api(), "/orgs/acme/products/")
        assert "add_error_handlers(api)" in raised.value.__notes__[0]
        assert "'bare'" in found_by_id()["orgkit.E080"]
    assert "orgkit.E080" not in found_by_id()


def test_a_permission_that_no_role_holds_is_reported(settings: Any) -> None:
    assert found_by_id() == {}
    router = Router()

    @router.get("/{org_slug}/", auth=require("stages.write"))
    def stages(request: Any, org_slug: str) -> str:
        return ""

    api = NinjaAPI(urls_namespace="stages-behind-require")
    add_error_handlers(api)
    outer = Router()
    outer.add_router("/inner", router)
    api.add_router("/outer", outer)
    settings.ROOT_URLCONF = (path("api/", api.urls), path("", include("tests.urls")))
    assert "'stages.write'" in found_by_id()["orgkit.W048"]
    settings.NINJA_ORGKIT = {"ROLES": {"owner": [*Settings.ROLES["owner"], "stages.write"]}}
    assert found_by_id() == {}
