"""What organizations register: their own rows in an export."""

from __future__ import annotations

from ninja_orgkit.organizations import rows
from ninja_orgkit.registry import export_rows

export_rows("organization", row=rows.OrgkitOrganizationRow, rows=rows.organization_rows)
export_rows("members", row=rows.OrgkitMemberRow, rows=rows.member_rows)
export_rows("invitations", row=rows.OrgkitInvitationRow, rows=rows.invitation_rows)
