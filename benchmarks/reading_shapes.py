"""What ``reading.py`` compares, as URLs: the floor, all promises in one statement, ninja as is usual, and ours."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path
from ninja import NinjaAPI, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from ninja_jwt.authentication import JWTAuth
from pydantic_core import to_json

from ninja_orgkit.accounts import tokens
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.tags.models import TagAssignment

_COLUMNS = """c.slug, c.display_name, c.first_name, c.last_name, c.email, c.phone, c.location, c.notes,
    o.slug AS organization, a.slug AS creator, c.custom, c.created_at, c.updated_at"""
_JOINS = """orgkit_contacts_contact c
    JOIN orgkit_organizations_organization o ON o.id = c.organization_id
    LEFT JOIN orgkit_accounts_account a ON a.user_id = c.creator_id"""
_FIRST = "ORDER BY c.display_sort, c.slug LIMIT 50"
_LIST = f"SELECT {_COLUMNS} FROM {_JOINS} WHERE o.slug = %s {_FIRST}"
_ONE = f"SELECT {_COLUMNS} FROM {_JOINS} WHERE c.slug = %s"
_TAGS = """(
        SELECT jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'slug', t.slug) ORDER BY t.sort_key, t.id)
        FROM orgkit_tags_tagassignment l JOIN orgkit_tags_tag t ON t.id = l.tag_id
        WHERE l.content_type_id = %s AND l.object_id = c.id::text
    ) AS tags"""
_ASKED = """JOIN orgkit_organizations_membership m ON m.organization_id = o.id
    JOIN orgkit_accounts_account me ON me.user_id = m.account_id
    JOIN auth_user u ON u.id = me.user_id
    JOIN orgkit_accounts_session s ON s.account_id = me.user_id"""
_LIVE = "s.id = %s AND s.expires_at > now() AND s.password_changes = me.password_changes AND me.slug = %s"
_MAY = f"o.deleted_at IS NULL AND u.is_active AND {_LIVE}"
_RAW = f"SELECT {_COLUMNS}, {_TAGS} FROM {_JOINS} {_ASKED} WHERE {_MAY} AND o.slug = %s {_FIRST}"
_RAW_ONE = f"SELECT {_COLUMNS}, {_TAGS} FROM {_JOINS} {_ASKED} WHERE {_MAY} AND c.slug = %s"


def select(sql: str, params: list[Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["custom"] = json.loads(row["custom"])
    return rows


def answer(body: Any) -> HttpResponse:
    """Return a body as JSON."""
    return HttpResponse(to_json(body), content_type="application/json")


def floor(request: HttpRequest) -> HttpResponse:
    """One statement, rows, bytes; nobody is asked who they are."""
    return answer({"items": select(_LIST, [request.GET["organization"]])})


def floor_of_one(request: HttpRequest, slug: str) -> HttpResponse:
    """One statement, one row, bytes."""
    return answer(select(_ONE, [slug])[0])


def seen(request: HttpRequest, sql: str, value: str) -> list[dict[str, Any]]:
    """Return what the caller may see, with its tags."""
    claims = tokens.read_jwt(request.headers["Authorization"].removeprefix("Bearer "), token_type="access")
    content_type = ContentType.objects.get_for_model(Contact).pk
    rows = select(sql, [content_type, claims.sid, claims.sub, value])
    for row in rows:
        row["tags"] = json.loads(row["tags"])
    return rows


def raw(request: HttpRequest) -> HttpResponse:
    """All that is promised, in one statement."""
    return answer({"items": seen(request, _RAW, request.GET["organization"])})


def raw_one(request: HttpRequest, slug: str) -> HttpResponse:
    """All that is promised of one contact, in one statement."""
    return answer(seen(request, _RAW_ONE, slug)[0])


def cpu(request: HttpRequest) -> HttpResponse:
    """Return the seconds of CPU that this process has spent."""
    return HttpResponse(str(time.process_time()))


class BareContact(Schema):
    slug: str
    display_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    location: str
    notes: str
    organization: str
    creator: str | None
    custom: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_organization(obj: Any) -> str:
        return str(obj.organization.slug)

    @staticmethod
    def resolve_creator(obj: Any) -> str | None:
        return obj.creator and str(obj.creator.slug)


class UsualTag(Schema):
    id: int
    name: str
    slug: str


class UsualContact(BareContact):
    tags: list[UsualTag]

    @staticmethod
    def resolve_tags(obj: Any) -> list[Any]:
        return [assignment.tag for assignment in obj.assignments.all()]


GenericRelation(TagAssignment).contribute_to_class(Contact, "assignments")
api = NinjaAPI(urls_namespace="usual")


@api.get("/bare", response=list[BareContact])
def bare(request: HttpRequest, organization: str) -> Any:
    """Instances through a schema, without tags."""
    contacts = Contact.objects.filter(organization__slug=organization).select_related("organization", "creator")
    return contacts.order_by("display_sort", "slug")[:50]


@api.get("/usual", response=list[UsualContact], auth=JWTAuth())
@paginate(LimitOffsetPagination)
def usual(request: Any, organization: str) -> Any:
    """Everything as in a tutorial."""
    member = get_object_or_404(
        Membership.objects.select_related("organization"), account__user=request.user, organization__slug=organization
    )
    tags = Prefetch("assignments", TagAssignment.objects.select_related("tag"))
    contacts = Contact.objects.filter(organization=member.organization).select_related("organization", "creator")
    return contacts.prefetch_related(tags).order_by("display_sort", "slug")


urlpatterns = [
    path("floor", floor),
    path("floor/<slug:slug>", floor_of_one),
    path("raw", raw),
    path("raw/<slug:slug>", raw_one),
    path("cpu", cpu),
    path("ninja/", api.urls),
    path("api/v1/", include("ninja_orgkit.urls")),
]
