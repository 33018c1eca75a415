"""Register images, which can be tagged, exported and purged."""

from __future__ import annotations

from ninja_orgkit.images.models import Image
from ninja_orgkit.images.rows import OrgkitAttachmentRow, OrgkitImageRow, image_attachment_rows
from ninja_orgkit.images.selectors import stored_names
from ninja_orgkit.images.services.images import purge_images
from ninja_orgkit.media.orphans import names_from
from ninja_orgkit.registry import export_rows, register

register(
    Image,
    name="images/image",
    lookup="id",
    numeric_lookup=True,
    organization="organization",
    taggable=True,
    export=OrgkitImageRow,
    export_kind="images",
    purge=purge_images,
)
names_from("images", stored_names)
export_rows("attachments", row=OrgkitAttachmentRow, rows=image_attachment_rows)
