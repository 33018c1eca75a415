"""Ten operations of the API, with the generated client."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import TypeVar

from orgkit_client import AuthenticatedClient, Client
from orgkit_client.api.contacts import create_contact, list_contacts, update_contact
from orgkit_client.api.exports import request_export
from orgkit_client.api.images import attach_image, upload_image
from orgkit_client.api.organizations import create_organization
from orgkit_client.api.tags import assign_tags
from orgkit_client.api.tokens import obtain_token_pair
from orgkit_client.api.users import get_me
from orgkit_client.models import (
    OrgkitAttachment,
    OrgkitContact,
    OrgkitContactChange,
    OrgkitContactCreate,
    OrgkitExport,
    OrgkitImage,
    OrgkitImageAndObject,
    OrgkitOrganization,
    OrgkitOrganizationCreate,
    OrgkitPageOrgkitContact,
    OrgkitProblem,
    OrgkitTokenObtain,
    OrgkitTokensOfUser,
    OrgkitUser,
    UploadImageOrgkitImageUpload,
)
from orgkit_client.types import File

T = TypeVar("T")


def must(answer: T | OrgkitProblem | None) -> T:
    """Return what an operation answered. Raises for a problem, and for a status that the document does not have."""
    if answer is None or isinstance(answer, OrgkitProblem):
        raise RuntimeError(answer)
    return answer


def program(origin: str, email: str, password: str, picture: bytes) -> str:
    """Sign in, and keep a contact with a tag and a picture in a new organization."""
    tokens: OrgkitTokensOfUser = must(
        obtain_token_pair.sync(client=Client(origin), body=OrgkitTokenObtain(email=email, password=password))
    )
    api = AuthenticatedClient(origin, tokens.access)
    me: OrgkitUser = must(get_me.sync(client=api))
    name = f"Colleagues of {me.display_name}"
    organization: OrgkitOrganization = must(
        create_organization.sync(client=api, body=OrgkitOrganizationCreate(name=name))
    )
    org = organization.slug

    wanted = OrgkitContactCreate(organization=org, display_name="Grace Hopper", email="grace@example.com")
    created = create_contact.sync_detailed(client=api, body=wanted, idempotency_key=str(uuid.uuid4()))
    contact: OrgkitContact = must(created.parsed)
    change = OrgkitContactChange(phone="+1 555 0100")
    must(update_contact.sync(contact.slug, client=api, body=change, if_match=created.headers["ETag"]))

    tags = must(assign_tags.sync(org, "contacts", "contact", contact.slug, client=api, body=["VIP"]))
    page: OrgkitPageOrgkitContact = must(
        list_contacts.sync(client=api, organization=org, tag=[tag.slug for tag in tags], limit=10)
    )

    upload = UploadImageOrgkitImageUpload(file=File(BytesIO(picture), "grace.png"), title="Grace")
    image: OrgkitImage = must(upload_image.sync(org, client=api, body=upload))
    target = OrgkitImageAndObject(image_id=image.id, app_label="contacts", model="contact", obj_id=contact.slug)
    attachment: OrgkitAttachment = must(attach_image.sync(org, client=api, body=target))
    job: OrgkitExport = must(request_export.sync(org, client=api))
    return f"{page.items[0].display_name}, {attachment.image.title}, {job.status}"
