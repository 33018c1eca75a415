"""An organization with one of everything, for tests that go through all operations."""

from __future__ import annotations

from typing import Any

from tests.org import Org


def path_parts(org: Org) -> dict[str, Any]:
    """Create one of everything, and return what fills the placeholders in the paths that lead there."""
    contact = org.add_contact()
    (tag,) = org.api.post(org.tags_path_of(contact), ["vip"]).json()
    image = org.add_image()
    assert org.api.post(org.images_path_of(contact), {"image_ids": [image["id"]]}).status_code == 200
    invitation = org.api.post(f"{org.path}invitations/", {"email": "carl@example.com", "role": "viewer"}).json()
    return {
        "org_slug": org.slug,
        "slug": contact["slug"],
        "app_label": "contacts",
        "model": "contact",
        "obj_id": contact["slug"],
        "tag_id": tag["id"],
        "image_id": image["id"],
        "user_slug": org.add_member("member", "mia").slug,
        "session_id": org.api.get("/auth/sessions").json()["items"][0]["id"],
        "invitation_id": invitation["id"],
        "key_id": org.add_key()["id"],
        "job_id": org.api.post(org.exports_path).json()["id"],
        "token": image["url"].rpartition("/")[2],
    }
