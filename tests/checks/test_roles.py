"""Roles that nobody can grant, and permissions that nobody has, are reported."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_django
from django.urls import include, path
from ninja import NinjaAPI

from ninja_orgkit.conf import Settings
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter
from ninja_orgkit.protocol.problems import add_error_handlers
from tests.checks.messages import found_by_id

router = OrganizationRouter()


@router.get("/orgs/{org_slug}/stages/", response=list[str], needs="stages.write")
def list_stages(request: MemberRequest) -> list[str]:
    """List the stages."""
    return []


api = NinjaAPI(urls_namespace="stages")
add_error_handlers(api)
api.add_router("", router)
urlpatterns = [path("api/", api.urls), path("", include("tests.urls"))]

OWNER, ADMIN, MEMBER = (Settings.ROLES[name] for name in ("owner", "admin", "member"))


@pytest.mark.parametrize(
    ("roles", "found", "says"),
    [
        ({"member": [*MEMBER, "invoices.read"]}, "W046", ["'member'", "invoices.read"]),
        ({"auditor": ["books.read", "books.sign"]}, "W046", ["'auditor'", "books.read, books.sign"]),
        ({"owner": ["owners.manage"], "admin": None, "member": None}, "W046", ["'viewer'", "org.read"]),
        ({"owner": [*OWNER, "contact.read"]}, "W047", ["'contact.read'", "'contacts.read'"]),
        ({"owner": [*OWNER, "contacts.reed"]}, "W047", ["'contacts.reed'", "'contacts.read'"]),
        ({"owner": [*OWNER, "exports.create"]}, "W047", ["'exports.create'", "'export.create'"]),
        ({"owner": [*OWNER, "images.delete"]}, "W047", ["'images.delete'", "Remove it"]),
        ({"": ["org.read"]}, "E045", ["''"]),
        ({"x" * 33: ["org.read"]}, "E045", ["xxx", "32"]),
    ],
)
def test_a_faulty_role_is_reported(
    settings: pytest_django.Settings, roles: dict[str, Any], found: str, says: list[str]
) -> None:
    settings.NINJA_ORGKIT = {"ROLES": roles, "TRANSFER_ROLE": "viewer"}
    messages = found_by_id()
    assert list(messages) == [f"orgkit.{found}"]
    assert [text for text in says if text not in messages[f"orgkit.{found}"]] == []


@pytest.mark.parametrize(
    "roles",
    [
        {"bookkeeper": ["org.read", "export.create"], "viewer": None},
        {"owner": [*OWNER, "invoices.read", "pages.write", "tasks.read"]},
        {"member": [*MEMBER, "invoices.read"], "founder": [*OWNER, "invoices.read"]},
        {"x" * 32: ("org.read",)},
    ],
)
def test_roles_of_a_host_pass(settings: pytest_django.Settings, roles: dict[str, Any]) -> None:
    settings.NINJA_ORGKIT = {"ROLES": roles}
    assert found_by_id() == {}


def test_a_permission_of_a_route_that_no_role_holds_is_reported(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = __name__
    assert "'stages.write'" in found_by_id()["orgkit.W048"]
    settings.NINJA_ORGKIT = {"ROLES": {"owner": [*OWNER, "stage.write"]}}
    assert "'stages.write'" in found_by_id()["orgkit.W048"]
    assert "Did you mean 'stage.write'?" in found_by_id()["orgkit.W048"]


def test_a_permission_that_a_route_needs_is_not_taken_for_a_misspelt_one(settings: pytest_django.Settings) -> None:
    roles = {"owner": [*OWNER, "stages.write"]}
    settings.NINJA_ORGKIT = {"ROLES": roles}
    assert list(found_by_id()) == ["orgkit.W047"]  # a host that has no such route
    settings.ROOT_URLCONF = __name__
    assert found_by_id() == {}


def test_a_host_may_take_a_permission_of_the_kit_from_all_roles(settings: pytest_django.Settings) -> None:
    without = {name: [item for item in held if item != "export.create"] for name, held in Settings.ROLES.items()}
    settings.NINJA_ORGKIT = {"ROLES": without}
    assert found_by_id() == {}
