"""Send invitations and purge closed organizations.

The token of an invitation is made here, in the worker, and stored nowhere.
"""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.background.mail import MAIL_TASK, frontend_link, send_mail
from ninja_orgkit.background.names import printable_name
from ninja_orgkit.background.outbox import enqueue_each
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.models import Invitation, Organization
from ninja_orgkit.organizations.services import invitations, organizations


@shared_task(name=invitations.MAIL, **MAIL_TASK)
def mail_invitation(invitation: str) -> None:
    """Mail the link of an invitation, unless it could not be accepted now."""
    found = (
        Invitation.objects.select_related("organization")
        .with_senders()
        .filter(pk=invitation, organization__deleted_at=None)
        .first()
    )
    if found is None or found.invited_by is None or found.shown_status != Invitation.Status.PENDING:
        return
    speaker = account_by_email(found.email) or found.invited_by
    send_mail(
        "invitation",
        found.email,
        language=speaker.preferred_language,
        invitation=found,
        organization=found.organization,
        organization_name=printable_name(found.organization.name),
        sender=found.invited_by,
        sender_name=printable_name(found.invited_by.shown_name),
        link=frontend_link("invitation", tokens.mint(found)),
    )


@shared_task(name=organizations.PURGE, ignore_result=True, acks_late=True)
def purge_organization(organization: str) -> None:
    """Delete the rows and files of one closed organization."""
    found = Organization.objects.filter(slug=organization).exclude(deleted_at=None).first()
    if found is not None:
        organizations.purge_organization(found)


@shared_task(name="orgkit.organizations.purge_deleted", ignore_result=True)
def purge_deleted() -> None:
    """Restart every purge that was not finished, each as a task of its own."""
    closed = Organization.objects.exclude(deleted_at=None).values_list("slug", flat=True)
    with atomic():
        enqueue_each(organizations.PURGE, ({"organization": slug} for slug in closed))
