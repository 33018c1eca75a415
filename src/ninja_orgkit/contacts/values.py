"""Values that clients and a host's code give to contacts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ninja_orgkit.custom.fields import custom_field
from ninja_orgkit.protocol.fields import Line, OrgkitInput, Text, clean_email


def _email_or_nothing(value: str) -> str:
    return clean_email(value) if value else ""


PersonName = Annotated[str, Line(150)]
ContactEmail = Annotated[str, Line(254), AfterValidator(_email_or_nothing)]
CustomFields: Any = custom_field("contact")


class OrgkitContactFields(OrgkitInput):
    """The editable fields of a contact."""

    display_name: Annotated[str, Line(255)] = Field("", description="Derived from the other names when it is empty.")
    first_name: PersonName = ""
    last_name: PersonName = ""
    email: ContactEmail = ""
    phone: Annotated[str, Line(32)] = ""
    location: Annotated[str, Line(255)] = ""
    notes: Text = ""
    custom: CustomFields = Field(default_factory=dict)
