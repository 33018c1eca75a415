"""What caches between the server and its clients may do with an answer."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.client import Api
from tests.org import Org
from tests.protocol.problems import PATHS, filled

pytestmark = pytest.mark.django_db


def with_a_cache_of_everything(settings: Settings) -> None:
    """Put Django's cache of the whole site in front of all views."""
    name = "django.middleware.cache.{}CacheMiddleware"
    settings.MIDDLEWARE = [name.format("Update"), *settings.MIDDLEWARE, name.format("FetchFrom")]


def test_a_cache_of_the_whole_site_gives_the_answer_of_one_caller_to_nobody_else(org: Org, settings: Settings) -> None:
    with_a_cache_of_everything(settings)
    assert org.api.get("/users/me").json()["slug"] == org.owner.slug
    assert org.stranger.api.get("/users/me").json()["slug"] == org.stranger.slug
    assert Api().get("/users/me").status_code == 401
    assert org.api.get(org.path).status_code == 200
    assert org.stranger.api.get(org.path).status_code == 404


def test_a_cache_of_the_whole_site_does_not_bring_back_what_was_changed(org: Org, settings: Settings) -> None:
    with_a_cache_of_everything(settings)
    contact = org.add_contact("Ada")
    path = f"/contacts/{contact['slug']}/"
    assert org.api.get(path, headers={"If-None-Match": org.api.get(path)["ETag"]}).status_code == 304
    assert org.api.patch(path, {"notes": "new"}).status_code == 200
    assert org.api.get(path).json()["notes"] == "new"
    assert org.api.delete(path).status_code == 204
    assert org.api.get(path).status_code == 404


@pytest.mark.parametrize("path", [route for route, operations in PATHS.items() if "get" in operations])
def test_no_answer_is_left_to_the_guess_of_a_cache(org: Org, path: str) -> None:
    for api in (org.api, org.stranger.api, Api()):
        for method in ("GET", "HEAD"):
            directives = api.send(method, filled(path, org.slug))["Cache-Control"].split(", ")
            assert "no-store" in directives or "private" in directives
