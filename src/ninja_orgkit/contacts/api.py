"""``/contacts/``: the contacts of the caller's organizations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest
from ninja_orgkit.contacts import schemas, selectors, services
from ninja_orgkit.contacts.errors import OrganizationImmutable
from ninja_orgkit.contacts.schemas import OrgkitContact, represent_contact
from ninja_orgkit.database.searching import search_terms
from ninja_orgkit.errors import Forbidden, NotFound
from ninja_orgkit.files.avatars import OrgkitAvatar, represent_avatar
from ninja_orgkit.media.avatars import clear_avatar, store_avatar
from ninja_orgkit.media.errors import UPLOAD_ERRORS, NoAvatar
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import unchanged
from ninja_orgkit.protocol.gates import Gate
from ninja_orgkit.protocol.multipart import AvatarUpload
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import Slug
from ninja_orgkit.protocol.throttling import per_account

router = OrganizationRouter(tags=["contacts"], auth=organization_bearer, errors=[NotFound, Forbidden])

ORDERINGS = Orderings(
    columns={
        "display_name": "display_sort",
        "first_name": "first_sort",
        "last_name": "last_sort",
        "email": "email_sort",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
    default="display_name",
    tie="slug",
)


class ContactRequest(AuthedRequest):
    """A request about a contact: its row where the caller may read it, its instance where they may change it."""

    contact: Any


def _enter_to_read(request: ContactRequest, values: Mapping[str, Any]) -> None:
    request.contact = selectors.contact_row(request.auth, values["slug"])


def _enter_to_change(request: ContactRequest, values: Mapping[str, Any]) -> None:
    request.contact = selectors.get_contact(request.auth, values["slug"], needs=selectors.WRITE)


_TO_READ = Gate(_enter_to_read, {"slug": Slug})
_TO_CHANGE = Gate(_enter_to_change, {"slug": Slug})


@router.get("/", response=OrgkitPage[OrgkitContact])
def list_contacts(
    request: AuthedRequest, page: PageQuery, filters: Query[schemas.OrgkitContactFilters]
) -> dict[str, Any]:
    """List the contacts of all the caller's organizations, or of one.

    Orderings: `display_name` (default), `first_name`, `last_name`, `email`, `created_at`, `updated_at`.
    """
    rows = selectors.contacts_of(
        selectors.organizations_to_list(request.auth, filters.organization),
        terms=search_terms(filters.search) if filters.search else [],
        tags=filters.tag_terms(),
        created_after=filters.created_after,
        updated_after=filters.updated_after,
    )
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent_contact)


@router.post(
    "/",
    response={201: OrgkitContact},
    needs=selectors.WRITE,
    organization_of=lambda values: values["body"].organization,
    idempotent=True,
    tagged=True,
    located="slug",
)
def create_contact(request: MemberRequest, body: Json[schemas.OrgkitContactCreate]) -> dict[str, Any]:
    """Create a contact in an organization. It needs at least one name."""
    fields = body.model_dump(exclude={"organization"})
    contact = services.create_contact(request.organization, creator=request.auth.account, **fields)
    return represent_contact(selectors.row_of(contact))


@router.get("/{slug}/", response=OrgkitContact, gate=_TO_READ, tagged=True)
def get_contact(request: ContactRequest) -> dict[str, Any]:
    """Return a contact."""
    return represent_contact(request.contact)


@router.put("/{slug}/", response=OrgkitContact, gate=_TO_CHANGE, errors=[OrganizationImmutable], tagged=True)
def replace_contact(request: ContactRequest, body: Json[schemas.OrgkitContactChange]) -> dict[str, Any]:
    """Replace all editable fields of a contact. Fields that are not given become empty."""
    unsaid = {"organization"} - body.model_fields_set
    with _unchanged(request):
        contact = services.update_contact(request.contact, **body.model_dump(exclude=unsaid))
    return represent_contact(selectors.row_of(contact))


@router.patch("/{slug}/", response=OrgkitContact, gate=_TO_CHANGE, errors=[OrganizationImmutable], tagged=True)
def update_contact(request: ContactRequest, body: Json[schemas.OrgkitContactChange]) -> dict[str, Any]:
    """Change the given fields of a contact."""
    with _unchanged(request):
        contact = services.update_contact(request.contact, **body.model_dump(exclude_unset=True))
    return represent_contact(selectors.row_of(contact))


@router.delete("/{slug}/", response={204: None}, gate=_TO_CHANGE, tagged=OrgkitContact)
def delete_contact(request: ContactRequest) -> None:
    """Delete a contact."""
    with _unchanged(request):
        services.delete_contact(request.contact)


@router.post(
    "/{slug}/avatar/",
    response=OrgkitAvatar,
    gate=_TO_CHANGE,
    errors=UPLOAD_ERRORS,
    throttles=[per_account("upload.user")],
    idempotent=True,
    stores_files=True,
)
def upload_contact_avatar(request: ContactRequest, file: AvatarUpload) -> Callable[[], dict[str, Any]]:
    """Set the avatar of a contact."""
    write = store_avatar(request.contact, file=file, stored_files=request.stored_files)
    return lambda: represent_avatar(write())


@router.delete("/{slug}/avatar/", response={204: None}, gate=_TO_CHANGE, errors=[NoAvatar])
def delete_contact_avatar(request: ContactRequest) -> None:
    """Remove the avatar of a contact."""
    clear_avatar(request.contact)


def _unchanged(request: ContactRequest) -> AbstractContextManager[None]:
    contact = request.contact
    return unchanged(request, contact, lambda: represent_contact(selectors.row_of(contact)))
