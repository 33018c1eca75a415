"""Routes of the host's own, behind ``require``."""

from ninja import Router, Schema

from ninja_orgkit.organizations.guard import GuardedRequest
from ninja_orgkit.services import require

router = Router(tags=["reports"])


class Report(Schema):
    """What an organization has."""

    name: str
    contacts: list[str]


class NewName(Schema):
    """A name for the organization."""

    name: str


@router.get("/orgs/{org_slug}/report/", response=Report, auth=require("contacts.read"))
def read_report(request: GuardedRequest, org_slug: str):
    """List the contacts of an organization by name."""
    organization = request.auth.organization
    contacts = organization.contacts.order_by("display_sort")
    return {"name": organization.name, "contacts": [contact.display_name for contact in contacts]}


@router.post("/orgs/{org_slug}/rename/", response=Report, auth=require("org.update"))
def rename(request: GuardedRequest, org_slug: str, body: NewName):
    """Rename an organization."""
    organization = request.auth.organization
    organization.name = body.name
    organization.save(update_fields=["name"])
    return {"name": organization.name, "contacts": []}
