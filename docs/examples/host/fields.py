"""The custom fields of this host."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict


class ContactFields(BaseModel):
    """What this host keeps about a contact besides the usual fields."""

    model_config = ConfigDict(extra="forbid")

    stage: Literal["lead", "customer", "former"] = "lead"
    birthday: date | None = None
    loyalty_points: int = 0
