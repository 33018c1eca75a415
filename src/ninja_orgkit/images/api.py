"""Routes."""

from ninja_orgkit.protocol.signatures import OrgkitRouter

router = OrgkitRouter()
