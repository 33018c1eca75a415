"""How to call every operation that writes, and which events each leaves.

A new route needs an entry in ``WRITES``, or one in ``EXCUSED`` with its reason. An operation of ``CONTENT`` leaves its
events only with ``AUDIT_CONTENT``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.exports.models import ExportJob
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.mails import token_in
from tests.media.pictures import picture
from tests.org import PASSWORD, Org

NEW_PASSWORD = "another horse battery"


@dataclass
class World:
    """An organization, and what a call needs besides."""

    org: Org
    run_outbox: RunOutbox
    mailbox: Mailbox
    api: Api
    key: dict[str, str]
    """The header with which an operation is sent, so that it can be sent once more."""

    def token(self) -> str:
        """Return the token of the last mail."""
        self.run_outbox()
        return token_in(self.mailbox[-1])

    def invite(self, email: str) -> str:
        """Invite an address, and return the id of the invitation."""
        answer = self.org.api.post(f"{self.org.path}invitations/", {"email": email, "role": "member"})
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def contact_with_image(self) -> tuple[dict[str, Any], int]:
        """Return a contact, and the id of an image that is attached to it."""
        contact, image = self.org.add_contact(), self.org.add_image()["id"]
        assert self.org.api.post(self.org.images_path_of(contact), {"image_ids": [image]}).status_code == 200
        return contact, image


Prepare = Callable[[World], Callable[[], Any]]
"""Prepares what an operation needs, and returns a function that sends it."""


@dataclass(frozen=True)
class Write:
    """What an operation leaves, and how to send it."""

    events: tuple[str, ...]
    prepare: Prepare
    is_content: bool


WRITES: dict[str, Write] = {}

EXCUSED = {
    "POST /invitations/preview": "shows what a link is about",
    "POST /token/verify": "reads a token",
    "POST /token/refresh": "goes on with a session that has begun, and changes nothing that anybody sees",
    "PATCH /auth/sessions/{session_id}": "names a session for its owner's own list",
    "PATCH /auth/email": "asks for a mail; opening its link changes the address",
    "POST /auth/email/resend": "asks for a mail",
    "POST /auth/password-reset/request": "asks for a mail; its link sets the password",
}


def writes(operation: str, *events: str, content: bool = False) -> Callable[[Prepare], Prepare]:
    """Say which events an operation leaves, sorted by name. The function prepares it."""

    def note(prepare: Prepare) -> Prepare:
        WRITES[operation] = Write(tuple(sorted(events)), prepare, content)
        return prepare

    return note


# API keys


@writes("POST /orgs/{org_slug}/api-keys/", "api_key.created")
def _create_key(world: World) -> Callable[[], Any]:
    body = {"name": "Robot", "permissions": ["org.read"]}
    return lambda: world.org.api.post(world.org.keys_path, body, headers=world.key)


@writes("PATCH /orgs/{org_slug}/api-keys/{key_id}/", "api_key.updated")
def _change_key(world: World) -> Callable[[], Any]:
    path = f"{world.org.keys_path}{world.org.add_key()['id']}/"
    return lambda: world.org.api.patch(path, {"name": "New"})


@writes("DELETE /orgs/{org_slug}/api-keys/{key_id}/", "api_key.revoked")
def _revoke_key(world: World) -> Callable[[], Any]:
    path = f"{world.org.keys_path}{world.org.add_key()['id']}/"
    return lambda: world.org.api.delete(path)


# Signing in and the account


@writes("POST /token/pair", "account.signed_in")
def _sign_in(world: World) -> Callable[[], Any]:
    return lambda: world.api.post("/token/pair", {"email": world.org.owner.email, "password": PASSWORD})


@writes("POST /auth/register", "account.created", "account.signed_in", "member.added", "organization.created")
def _register(world: World) -> Callable[[], Any]:
    return lambda: world.api.post("/auth/register", {"email": "ada@example.com", "password": PASSWORD})


@writes("POST /auth/logout", "session.ended")
def _log_out(world: World) -> Callable[[], Any]:
    return lambda: world.api.post("/auth/logout", {"refresh": world.org.owner.refresh})


@writes("POST /auth/logout-all", "account.signed_out_everywhere")
def _log_out_everywhere(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.post("/auth/logout-all")


@writes("DELETE /auth/sessions/{session_id}", "session.ended")
def _end_session(world: World) -> Callable[[], Any]:
    (session,) = world.org.api.get("/auth/sessions").json()["items"]
    return lambda: world.org.api.delete(f"/auth/sessions/{session['id']}")


@writes("POST /auth/change-password", "password.changed")
def _change_password(world: World) -> Callable[[], Any]:
    body = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    return lambda: world.org.api.post("/auth/change-password", body)


@writes("POST /auth/password-reset/confirm", "address.verified", "password.changed")
def _reset_password(world: World) -> Callable[[], Any]:
    world.api.post("/auth/password-reset/request", {"email": world.org.owner.email})
    body = {"token": world.token(), "new_password": NEW_PASSWORD}
    return lambda: world.api.post("/auth/password-reset/confirm", body)


@writes("GET /auth/email/verify", "address.changed")
def _change_address(world: World) -> Callable[[], Any]:
    world.org.api.patch("/auth/email", {"email": "new@example.com"})
    world.run_outbox()
    (mail,) = (mail for mail in world.mailbox if mail.to == ["new@example.com"])
    return lambda: world.api.get("/auth/email/verify", token=token_in(mail))


@writes("DELETE /auth/delete", "account.deleted", "member.removed", "organization.deleted")
def _delete_account(world: World) -> Callable[[], Any]:
    bob = world.org.add_member("member")
    return lambda: bob.api.delete("/auth/delete")


@writes("PATCH /users/me", "account.updated")
def _update_me(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.patch("/users/me", {"display_name": "Olga O."})


@writes("POST /users/avatar", "account.updated")
def _upload_my_avatar(world: World) -> Callable[[], Any]:
    file = picture()
    return lambda: world.org.api.upload("/users/avatar", file=_again(file), headers=world.key)


@writes("DELETE /users/avatar", "account.updated")
def _delete_my_avatar(world: World) -> Callable[[], Any]:
    assert world.org.api.upload("/users/avatar", file=picture()).status_code == 200
    return lambda: world.org.api.delete("/users/avatar")


# Organizations


@writes("POST /orgs/", "member.added", "organization.created")
def _create_organization(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.post("/orgs/", {"name": "Second"}, headers=world.key)


@writes("PATCH /orgs/{org_slug}/", "organization.updated")
def _update_organization(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.patch(world.org.path, {"name": "Acme & Co"})


@writes("DELETE /orgs/{org_slug}/", "organization.deleted")
def _delete_organization(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.delete(f"{world.org.path}?confirm={world.org.slug}")


@writes("PATCH /orgs/{org_slug}/members/{user_slug}/", "member.role_changed")
def _change_role(world: World) -> Callable[[], Any]:
    bob = world.org.add_member("member")
    return lambda: world.org.api.patch(f"{world.org.path}members/{bob.slug}/", {"role": "admin"})


@writes("POST /orgs/{org_slug}/transfer/", "member.role_changed", "member.role_changed")
def _transfer_organization(world: World) -> Callable[[], Any]:
    bob = world.org.add_member("member")
    return lambda: world.org.api.post(f"{world.org.path}transfer/", {"member": bob.slug})


@writes("DELETE /orgs/{org_slug}/members/{user_slug}/", "member.removed")
def _remove_member(world: World) -> Callable[[], Any]:
    bob = world.org.add_member("member")
    return lambda: world.org.api.delete(f"{world.org.path}members/{bob.slug}/")


@writes("POST /orgs/{org_slug}/invitations/", "invitation.sent")
def _invite(world: World) -> Callable[[], Any]:
    body = {"email": "carl@example.com", "role": "member"}
    return lambda: world.org.api.post(f"{world.org.path}invitations/", body, headers=world.key)


@writes("DELETE /orgs/{org_slug}/invitations/{invitation_id}/", "invitation.cancelled")
def _cancel(world: World) -> Callable[[], Any]:
    invitation = world.invite("carl@example.com")
    return lambda: world.org.api.delete(f"{world.org.path}invitations/{invitation}/")


@writes("POST /orgs/{org_slug}/invitations/bulk/", "invitation.sent", "invitation.sent")
def _invite_many(world: World) -> Callable[[], Any]:
    rows = [{"email": f"{name}@example.com", "role": "member"} for name in ("carl", "dora")]
    return lambda: world.org.api.post(f"{world.org.path}invitations/bulk/", {"invitations": rows}, headers=world.key)


@writes("PATCH /orgs/{org_slug}/invitations/{invitation_id}/", "invitation.updated")
def _change_invitation(world: World) -> Callable[[], Any]:
    path = f"{world.org.path}invitations/{world.invite('carl@example.com')}/"
    return lambda: world.org.api.patch(path, {"role": "viewer"})


@writes("POST /orgs/{org_slug}/invitations/{invitation_id}/resend/", "invitation.resent")
def _resend(world: World) -> Callable[[], Any]:
    path = f"{world.org.path}invitations/{world.invite('carl@example.com')}/resend/"
    return lambda: world.org.api.post(path, headers=world.key)


@writes("POST /invitations/{invitation_id}/accept", "invitation.accepted", "member.added")
def _accept_received(world: World) -> Callable[[], Any]:
    return _answer_received(world, "accept")


@writes("POST /invitations/{invitation_id}/decline", "invitation.declined")
def _decline_received(world: World) -> Callable[[], Any]:
    return _answer_received(world, "decline")


def _answer_received(world: World, answer: str) -> Callable[[], Any]:
    bob = world.org.stranger
    Account.objects.filter(slug=bob.slug).update(email_verified_at=timezone.now())
    path = f"/invitations/{world.invite(bob.email)}/{answer}"
    return lambda: bob.api.post(path)


@writes("POST /invitations/accept", "address.verified", "invitation.accepted", "member.added")
def _accept(world: World) -> Callable[[], Any]:
    bob = world.org.stranger
    world.invite(bob.email)
    token = world.token()
    return lambda: bob.api.post("/invitations/accept", {"token": token})


@writes("POST /invitations/decline", "invitation.declined")
def _decline(world: World) -> Callable[[], Any]:
    world.invite("carl@example.com")
    token = world.token()
    return lambda: world.api.post("/invitations/decline", {"token": token})


@writes("POST /orgs/{org_slug}/export/", "export.requested")
def _request_export(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.post(world.org.exports_path, headers=world.key)


@writes("DELETE /orgs/{org_slug}/export/{job_id}/", "export.cancelled")
def _cancel_export(world: World) -> Callable[[], Any]:
    world.org.api.post(world.org.exports_path)
    return lambda: world.org.api.delete(f"{world.org.exports_path}{ExportJob.objects.get().pk}/")


# Contacts, tags and images


@writes("POST /contacts/", "contact.created", content=True)
def _create_contact(world: World) -> Callable[[], Any]:
    body = {"organization": world.org.slug, "display_name": "Ada"}
    return lambda: world.org.api.post("/contacts/", body, headers=world.key)


@writes("PUT /contacts/{slug}/", "contact.updated", content=True)
def _replace_contact(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    return lambda: world.org.api.put(f"/contacts/{contact['slug']}/", {"display_name": "Grace"})


@writes("PATCH /contacts/{slug}/", "contact.updated", content=True)
def _update_contact(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    return lambda: world.org.api.patch(f"/contacts/{contact['slug']}/", {"phone": "123"})


@writes("DELETE /contacts/{slug}/", "contact.deleted", content=True)
def _delete_contact(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    return lambda: world.org.api.delete(f"/contacts/{contact['slug']}/")


@writes("POST /orgs/{org_slug}/logo/", "organization.updated")
def _upload_logo(world: World) -> Callable[[], Any]:
    path, file = f"{world.org.path}logo/", picture()
    return lambda: world.org.api.upload(path, file=_again(file), headers=world.key)


@writes("DELETE /orgs/{org_slug}/logo/", "organization.updated")
def _delete_logo(world: World) -> Callable[[], Any]:
    assert world.org.api.upload(f"{world.org.path}logo/", file=picture()).status_code == 200
    return lambda: world.org.api.delete(f"{world.org.path}logo/")


@writes("POST /contacts/{slug}/avatar/", "contact.updated", content=True)
def _upload_avatar(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    path, file = f"/contacts/{contact['slug']}/avatar/", picture()
    return lambda: world.org.api.upload(path, file=_again(file), headers=world.key)


@writes("DELETE /contacts/{slug}/avatar/", "contact.updated", content=True)
def _delete_avatar(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    assert world.org.api.upload(f"/contacts/{contact['slug']}/avatar/", file=picture()).status_code == 200
    return lambda: world.org.api.delete(f"/contacts/{contact['slug']}/avatar/")


@writes("POST /orgs/{org_slug}/tags/", "tag.created", content=True)
def _create_tag(world: World) -> Callable[[], Any]:
    return lambda: world.org.api.post(world.org.tags_path, {"name": "VIP"}, headers=world.key)


@writes("PATCH /orgs/{org_slug}/tags/{tag_id}/", "tag.updated", content=True)
def _update_tag(world: World) -> Callable[[], Any]:
    tag = world.org.add_tag("VIP")
    return lambda: world.org.api.patch(f"{world.org.tags_path}{tag['id']}/", {"color": "#ff0000"})


@writes("DELETE /orgs/{org_slug}/tags/{tag_id}/", "tag.deleted", content=True)
def _delete_tag(world: World) -> Callable[[], Any]:
    tag = world.org.add_tag("VIP")
    return lambda: world.org.api.delete(f"{world.org.tags_path}{tag['id']}/")


@writes(
    "POST /orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/",
    "tag.created", "tag.created", "tags.assigned",
    content=True,
)  # fmt: skip
def _assign(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    world.org.add_tag("VIP")
    body = {"tags": ["VIP", "lead", "new"]}
    return lambda: world.org.api.post(world.org.tags_path_of(contact), body, headers=world.key)


@writes("DELETE /orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/{slug}/", "tags.unassigned", content=True)
def _unassign(world: World) -> Callable[[], Any]:
    contact = world.org.add_contact()
    world.org.api.post(world.org.tags_path_of(contact), ["vip"])
    return lambda: world.org.api.delete(f"{world.org.tags_path_of(contact)}vip/")


@writes("POST /images/orgs/{org_slug}/images/", "image.uploaded", content=True)
def _upload(world: World) -> Callable[[], Any]:
    file = picture()
    return lambda: world.org.api.upload(world.org.images_path, file=_again(file), headers=world.key)


@writes("POST /images/orgs/{org_slug}/bulk-upload/", "image.uploaded", "image.uploaded", content=True)
def _bulk_upload(world: World) -> Callable[[], Any]:
    files = [picture(), picture()]
    path = f"{world.org.images_root}/bulk-upload/"
    return lambda: world.org.api.upload(path, files=[_again(file) for file in files], headers=world.key)


@writes("PATCH /images/orgs/{org_slug}/images/{image_id}/", "image.updated", content=True)
def _update_image(world: World) -> Callable[[], Any]:
    image = world.org.add_image()
    return lambda: world.org.api.patch(world.org.image_path(image["id"]), {"title": "Grace"})


@writes("DELETE /images/orgs/{org_slug}/images/{image_id}/", "image.deleted", content=True)
def _delete_image(world: World) -> Callable[[], Any]:
    image = world.org.add_image()
    return lambda: world.org.api.delete(world.org.image_path(image["id"]))


@writes("POST /images/orgs/{org_slug}/bulk-delete/", "image.deleted", "image.deleted", content=True)
def _bulk_delete(world: World) -> Callable[[], Any]:
    body = {"ids": [world.org.add_image()["id"] for _ in range(2)]}
    return lambda: world.org.api.post(f"{world.org.images_root}/bulk-delete/", body, headers=world.key)


def _named(world: World, contact: dict[str, Any], image: int) -> dict[str, Any]:
    return {"image_id": image, "app_label": "contacts", "model": "contact", "obj_id": contact["slug"]}


@writes("POST /images/orgs/{org_slug}/attach/", "images.attached", content=True)
def _attach(world: World) -> Callable[[], Any]:
    body = _named(world, world.org.add_contact(), world.org.add_image()["id"])
    return lambda: world.org.api.post(f"{world.org.images_root}/attach/", body, headers=world.key)


@writes("POST /images/orgs/{org_slug}/detach/", "images.detached", content=True)
def _detach(world: World) -> Callable[[], Any]:
    body = _named(world, *world.contact_with_image())
    return lambda: world.org.api.post(f"{world.org.images_root}/detach/", body, headers=world.key)


_OF_OBJECT = "/images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/"


@writes(f"POST {_OF_OBJECT}", "images.attached", content=True)
def _attach_to_object(world: World) -> Callable[[], Any]:
    path = world.org.images_path_of(world.org.add_contact())
    body = {"image_ids": [world.org.add_image()["id"] for _ in range(2)]}
    return lambda: world.org.api.post(path, body, headers=world.key)


@writes(f"POST {_OF_OBJECT}bulk_attach/", "images.attached", content=True)
def _bulk_attach(world: World) -> Callable[[], Any]:
    path = world.org.images_path_of(world.org.add_contact())
    body = {"image_ids": [world.org.add_image()["id"] for _ in range(2)]}
    return lambda: world.org.api.post(f"{path}bulk_attach/", body, headers=world.key)


@writes(f"POST {_OF_OBJECT}bulk_detach/", "images.detached", content=True)
def _bulk_detach(world: World) -> Callable[[], Any]:
    contact, image = world.contact_with_image()
    path = f"{world.org.images_path_of(contact)}bulk_detach/"
    return lambda: world.org.api.post(path, {"image_ids": [image]}, headers=world.key)


@writes(f"PATCH {_OF_OBJECT}{{image_id}}/", "images.arranged", content=True)
def _arrange(world: World) -> Callable[[], Any]:
    contact, image = world.contact_with_image()
    return lambda: world.org.api.patch(f"{world.org.images_path_of(contact)}{image}/", {"title": "Front"})


@writes(f"DELETE {_OF_OBJECT}{{image_id}}/", "images.detached", content=True)
def _detach_from_object(world: World) -> Callable[[], Any]:
    contact, image = world.contact_with_image()
    return lambda: world.org.api.delete(f"{world.org.images_path_of(contact)}{image}/")


def _again(file: Any) -> Any:
    """Return a file from its beginning, to send it once more."""
    file.seek(0)
    return file
