"""A host records events of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import path
from ninja import NinjaAPI

from ninja_orgkit.audit.models import Event
from ninja_orgkit.organizations.guard import GuardedRequest
from ninja_orgkit.services import record, require
from tests.exports.actions import create_product
from tests.org import Org, account_of

api = NinjaAPI(urls_namespace="audit")


@api.post("/orgs/{org_slug}/sales/", auth=require("contacts.write"))
def sell(request: GuardedRequest, org_slug: str) -> None:
    """Sell something."""
    record("shop.sold", organization=request.auth.organization)


urlpatterns = [path("host/", api.urls)]


def _items(org: Org, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = org.api.get(f"/orgs/{org.slug}/audit/", **query).json()["items"]
    return items


def test_an_event_of_the_host_is_in_the_trail_and_can_be_filtered_for(org: Org) -> None:
    product = create_product(org, "mug-1")
    record("shop.product_sold", organization=org.row, target=product, changes={"stock": {"old": 3, "new": 2}})
    (item,) = _items(org, action="shop.product_sold")
    assert item["target"] == {"kind": "shop/product", "id": product.sku, "name": str(product)}
    assert item["changes"] == {"stock": {"old": 3, "new": 2}}
    assert (item["actor"], item["actor_kind"]) == (None, "system")
    assert _items(org, target_kind="shop/product") == [item]


def test_an_event_of_an_account_is_among_its_security_events(org: Org) -> None:
    user = User.objects.get(username=org.owner.user["username"])
    record("shop.card_added", account=user)
    record("shop.card_removed", account=account_of(org.owner), organization=org.row, target={"kind": "card", "id": "1"})
    items = org.api.get("/users/me/security-events").json()["items"]
    assert [item["action"] for item in items] == ["shop.card_removed", "shop.card_added", "account.created"]
    assert items[1]["target"]["kind"] == "account"
    assert items[0]["target"] == {"kind": "card", "id": "1", "name": ""}
    assert [item["action"] for item in _items(org)][:1] == ["shop.card_removed"]


def test_values_are_plain_and_secrets_are_left_out(org: Org) -> None:
    moment = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    changes: dict[str, dict[str, Any]] = {
        "at": {"old": None, "new": moment},
        "roles": {"old": {"b", "a"}, "new": ["a"]},
        "api_token": {"old": "zebra", "new": "zebra"},
        "notes": {"old": "zebra", "new": "zebra"},
        "owner": {"old": None, "new": org.row},
        "long": {"old": "", "new": "x" * 5000},
    }
    record("shop.changed", organization=org.row, changes=changes)
    (item,) = _items(org, action="shop.changed")
    assert item["changes"]["at"] == {"old": None, "new": "2026-01-31T09:30:00Z"}
    assert item["changes"]["roles"] == {"old": ["a", "b"], "new": ["a"]}
    assert item["changes"]["api_token"] == item["changes"]["notes"] == {"old": None, "new": None}
    assert item["changes"]["owner"] == {"old": None, "new": org.slug}
    assert len(item["changes"]["long"]["new"]) == 1000
    assert "zebra" not in str(Event.objects.values_list())


@pytest.mark.parametrize("action", ["sold", "Shop.sold", "shop.", ".sold", "shop sold", "member.sold", "x." + "y" * 63])
def test_the_name_of_an_action_has_a_prefix_of_the_hosts_own(org: Org, action: str) -> None:
    with pytest.raises(ValueError, match=r"shop\.order_paid"):
        record(action, organization=org.row)


def test_an_event_belongs_to_somebody_and_its_target_is_known(org: Org) -> None:
    with pytest.raises(ValueError, match="organization or an account"):
        record("shop.sold")
    with pytest.raises(LookupError):
        record("shop.sold", organization=org.row, target=Group.objects.create(name="staff"))


def test_the_actor_of_a_hosts_own_route_is_its_caller(org: Org, settings: Any) -> None:
    bob = org.add_member("member", "bob")
    settings.ROOT_URLCONF = __name__
    headers = {"Authorization": f"Bearer {bob.access}", "User-Agent": "Firefox"}
    assert Client().post(f"/host/orgs/{org.slug}/sales/", headers=headers).status_code == 200
    record("shop.sold", organization=org.row)
    settings.ROOT_URLCONF = "tests.urls"
    own, his = _items(org, action="shop.sold")
    assert (his["actor"], his["actor_kind"], his["device"]) == (bob.slug, "user", "Firefox")
    assert (own["actor"], own["actor_kind"], own["device"]) == (None, "system", "")
