"""``/contacts/``: the contacts of the caller's organizations."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.contacts import schemas, selectors, services
from ninja_orgkit.contacts.errors import OrganizationImmutable
from ninja_orgkit.contacts.schemas import OrgkitContact, present_contact, show_contact
from ninja_orgkit.errors import Forbidden, NotFound
from ninja_orgkit.media.avatars import clear_avatar, set_avatar
from ninja_orgkit.media.errors import UPLOAD_ERRORS, NoAvatar
from ninja_orgkit.media.storage import saving
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import check_of, reply_tagged
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.multipart import AvatarUpload
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import Slug
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend
from ninja_orgkit.protocol.urls import file_urls, url_below

router = OrgkitRouter(tags=["contacts"], auth=bearer, errors=[NotFound, Forbidden])

ORDERINGS = Orderings(
    columns={
        "display_name": "display_key",
        "first_name": "first_key",
        "last_name": "last_key",
        "email": "email_key",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
    default="display_name",
    tie="slug",
)


@router.get("/", response=OrgkitPage[OrgkitContact])
def list_contacts(
    request: AuthedRequest, page: PageQuery, filters: Query[schemas.OrgkitContactFilters]
) -> HttpResponse:
    """List the contacts of the caller's organizations, or of one.

    Orderings: `display_name` (default), `first_name`, `last_name`, `email`, `created_at`, `updated_at`.
    """
    rows = selectors.contacts_of(
        selectors.organizations_to_list(request.auth, filters.organization),
        terms=selectors.search_terms(filters.search),
        tags=filters.tag,
        created_after=filters.created_after,
        updated_after=filters.updated_after,
    )
    present = partial(present_contact, urls=file_urls(request))
    return paginate(request, rows, page, orderings=ORDERINGS, schema=OrgkitContact, present=present)


@router.post("/", response={201: OrgkitContact}, tagged=True, idempotent=True, located=True)
def create_contact(request: AuthedRequest, body: Json[schemas.OrgkitContactCreate]) -> HttpResponse:
    """Create a contact with at least one name in an organization."""
    member = get_membership(request.auth, body.organization, needs=selectors.WRITE)
    fields = body.model_dump(exclude={"organization"})

    def act() -> HttpResponse:
        contact = services.create_contact(member.organization, creator=member.account, fields=fields)
        location = url_below(request, contact.slug)
        return reply_tagged(request, OrgkitContact, show_contact(contact), status=201, headers={"Location": location})

    return once(request, body, act)


@router.get("/{slug}/", response=OrgkitContact, tagged=True)
def get_contact(request: AuthedRequest, slug: Slug) -> HttpResponse:
    """Return a contact."""
    row = selectors.contact_row(request.auth, slug)
    return reply_tagged(request, OrgkitContact, partial(present_contact, row))


@router.put("/{slug}/", response=OrgkitContact, errors=[OrganizationImmutable], tagged=True)
def replace_contact(request: AuthedRequest, slug: Slug, body: Json[schemas.OrgkitContactChange]) -> HttpResponse:
    """Replace all editable fields of a contact; those not given become empty."""
    contact = selectors.get_contact(request.auth, slug, needs=selectors.WRITE)
    unsaid = {"organization"} - body.model_fields_set
    check = check_of(request, OrgkitContact, partial(show_contact, contact))
    contact = services.update_contact(contact, changes=body.model_dump(exclude=unsaid), check=check)
    return reply_tagged(request, OrgkitContact, show_contact(contact))


@router.patch("/{slug}/", response=OrgkitContact, errors=[OrganizationImmutable], tagged=True)
def update_contact(request: AuthedRequest, slug: Slug, body: Json[schemas.OrgkitContactChange]) -> HttpResponse:
    """Change the given fields of a contact."""
    contact = selectors.get_contact(request.auth, slug, needs=selectors.WRITE)
    check = check_of(request, OrgkitContact, partial(show_contact, contact))
    contact = services.update_contact(contact, changes=body.model_dump(exclude_unset=True), check=check)
    return reply_tagged(request, OrgkitContact, show_contact(contact))


@router.delete("/{slug}/", response={204: None}, tagged=True)
def delete_contact(request: AuthedRequest, slug: Slug) -> HttpResponse:
    """Delete a contact."""
    contact = selectors.get_contact(request.auth, slug, needs=selectors.WRITE)
    services.delete_contact(contact, check=check_of(request, OrgkitContact, partial(show_contact, contact)))
    return empty()


@router.post("/{slug}/avatar/", response=schemas.OrgkitContactAvatar, errors=UPLOAD_ERRORS, idempotent=True)
def upload_contact_avatar(request: AuthedRequest, slug: Slug, file: AvatarUpload) -> HttpResponse:
    """Set the avatar of a contact."""
    contact = selectors.get_contact(request.auth, slug, needs=selectors.WRITE)
    spend("upload.user", request.auth.slug)
    with saving() as saver:

        def act() -> HttpResponse:
            set_avatar(contact, file=file, saver=saver)
            urls = file_urls(request)
            body = {"avatar_url": urls(contact.avatar), "avatar_large_url": urls(contact.avatar_large)}
            return reply(schemas.OrgkitContactAvatar, body)

        return once(request, file, act)


@router.delete("/{slug}/avatar/", response={204: None}, errors=[NoAvatar])
def delete_contact_avatar(request: AuthedRequest, slug: Slug) -> HttpResponse:
    """Remove the avatar of a contact."""
    clear_avatar(selectors.get_contact(request.auth, slug, needs=selectors.WRITE))
    return empty()
