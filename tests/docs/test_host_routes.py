"""The routes that the guide on host models shows behave as the guide says."""

from __future__ import annotations

import pytest
import pytest_django
from django.urls import include, path
from ninja import NinjaAPI

from docs.examples.products import router
from ninja_orgkit.conf import Settings
from ninja_orgkit.protocol.problems import add_error_handlers
from tests.org import MakeOrg, Org

pytestmark = pytest.mark.django_db

PRODUCTS = "/orgs/acme/products/"
LAMP = {"sku": "lamp-1", "name": "Lamp", "price": "12.50"}

api = NinjaAPI(urls_namespace="products-of-the-guide")
add_error_handlers(api)
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls), path("", include("tests.urls"))]


@pytest.fixture
def acme(make_org: MakeOrg, settings: pytest_django.Settings) -> Org:
    """Return an organization of a host whose members may write products."""
    settings.ROOT_URLCONF = __name__
    roles = {role: [*Settings.ROLES[role], "products.write"] for role in ("member", "owner")}
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": roles}
    return make_org("acme")


def test_a_route_of_a_host_answers_with_pages(acme: Org) -> None:
    for number in range(3):
        acme.api.post(PRODUCTS, {**LAMP, "sku": f"lamp-{number}", "name": f"Lamp {number}"})
    first = acme.api.get(PRODUCTS, limit=2).json()
    assert (first["count"], first["items"][0]) == (3, {"sku": "lamp-0", "name": "Lamp 0"})
    assert [item["sku"] for item in acme.api.get(first["next"]).json()["items"]] == ["lamp-2"]


def test_a_route_of_a_host_is_guarded_by_the_gate(acme: Org) -> None:
    assert acme.stranger.api.get(PRODUCTS).json()["code"] == "not_found"
    assert acme.as_("viewer").get(PRODUCTS).status_code == 200
    assert acme.as_("viewer").post(PRODUCTS, LAMP).json()["code"] == "forbidden"
    assert acme.as_("member").post(PRODUCTS, LAMP).status_code == 201


def test_a_route_of_a_host_is_performed_once_for_each_idempotency_key(acme: Org) -> None:
    key = {"Idempotency-Key": "one-lamp"}
    first, again = (acme.api.post(PRODUCTS, LAMP, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json() == {"sku": "lamp-1", "name": "Lamp"}
