"""The errors of organizations, members and invitations."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, Forbidden, NotFound


class SlugTaken(Conflict):
    """An organization with this slug already exists. Choose another slug."""


class PersonalOrganization(Conflict):
    """This is a personal organization. You cannot share it, leave it or delete it."""


class NoLogo(NotFound):
    """There is no logo."""


class OrganizationCreationRefused(Forbidden):
    """You may not create organizations here."""


class TooManyOrganizations(Conflict):
    """This account cannot own more organizations. Delete one, or hand one over to somebody else."""


class TooManyMembers(Conflict):
    """This organization is full. Remove a member first."""


class LastOwner(Conflict):
    """This is the last owner. Make another member an owner first."""


class TransferRefused(Conflict):
    """Ownership can only go to another member whose account is active."""


class AlreadyMember(Conflict):
    """This person is already a member."""


class AlreadyInvited(Conflict):
    """There is already a pending invitation to this address."""


class TooManyInvitations(Conflict):
    """Too many invitations are pending. Cancel some of them first."""


class InvitationEnded(Conflict):
    """This invitation is no longer pending."""


class WrongRecipient(Forbidden):
    """This invitation was sent to another address."""
