"""What can go wrong with organizations, members and invitations."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, Forbidden


class SlugTaken(Conflict):
    """An organization with this slug exists."""


class PersonalOrganization(Conflict):
    """A personal organization stays with its owner: it cannot be shared, left or deleted."""


class LastOwner(Conflict):
    """An organization needs an owner: make somebody else one first."""


class AlreadyMember(Conflict):
    """This person is a member already."""


class AlreadyInvited(Conflict):
    """An invitation to this address is pending already."""


class TooManyInvitations(Conflict):
    """Too many invitations are pending; cancel some first."""


class InvitationEnded(Conflict):
    """This invitation is no longer pending."""


class WrongRecipient(Forbidden):
    """This invitation was sent to another address."""
