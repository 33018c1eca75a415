"""The errors of contacts."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, ValidationFailed


class OrganizationImmutable(Conflict):
    """A contact cannot move to another organization."""


class NamelessContact(ValidationFailed):
    """A contact needs a display name, a first name or a last name."""

    code = ValidationFailed.code

    def __init__(self) -> None:
        """Report the missing name as the validation of a schema would."""
        message = self.translated()
        super().__init__(errors=[{"loc": ["body", "display_name"], "msg": message, "type": "nameless_contact"}])
