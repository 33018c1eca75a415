"""The registration of machines."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from ninja_orgkit.registry import register
from tests.hosts.team.models import Machine


class MachineRow(BaseModel):
    serial: UUID
    name: str


register(Machine, lookup="serial", organization="organization", taggable=True, imageable=True, export=MachineRow)
