"""The whole life of an organization, of three people and one API key, as its audit trail tells it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.audit.models import Event
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.mails import token_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
TRAIL = """
ann-founds-acme | user | ann | organization.created | Acme
ann-founds-acme | user | ann | member.added | ann
ann-invites-bob | user | ann | invitation.sent | bob@example.com
ann-invites-cleo | user | ann | invitation.sent | cleo@example.com
bob-registers | user | bob | member.added | bob
bob-registers | user | bob | invitation.accepted | bob@example.com
cleo-accepts | user | cleo | member.added | cleo
cleo-accepts | user | cleo | invitation.accepted | cleo@example.com
bob-makes-a-key | user | bob | api_key.created | Robot
robot-renames-acme | api_key | bob | organization.updated | Acme Ltd | name: Acme -> Acme Ltd
ann-promotes-cleo | user | ann | member.role_changed | cleo | role: member -> admin
cleo-exports | user | cleo | export.requested | export
- | system | - | export.ready | export
ann-hands-over | user | ann | member.role_changed | bob | role: admin -> owner
ann-hands-over | user | ann | member.role_changed | ann | role: owner -> admin
ann-deletes-her-account | user | ann | member.removed | ann
bob-removes-cleo | user | bob | member.removed | cleo
bob-revokes-the-key | user | bob | api_key.revoked | Robot
"""


class Story:
    """Sends each request under a name of its own, which the trail repeats as ``request_id``."""

    def __init__(self, mailbox: Mailbox, run_outbox: RunOutbox) -> None:
        self.mailbox = mailbox
        self.run_outbox = run_outbox
        self.people: dict[str, Api] = {"nobody": Api()}
        self.names: dict[str, str] = {}

    def does(self, who: str, step: str, method: str, path: str, json: Any = None, *, expect: int = 200) -> Any:
        """Let somebody send a request, and let the workers do what it asked for. Return the body of the answer."""
        sent = [] if json is None else [json]
        answer = getattr(self.people[who], method)(path, *sent, headers={"X-Request-ID": step})
        assert answer.status_code == expect, (step, answer.content)
        assert answer["X-Request-ID"] == step
        self.run_outbox()
        return answer.json() if answer.content else None

    def registers(self, name: str, **more: Any) -> None:
        """Let somebody register, and open the link in the mail."""
        body = {"email": f"{name}@example.com", "password": PASSWORD, "username": name, **more}
        found = self.does("nobody", f"{name}-registers", "post", "/auth/register", body, expect=201)
        self.people[name] = Api(found["access"])
        self.names[found["user"]["slug"]] = name

    def verifies(self, name: str) -> None:
        """Let somebody open the link that the mail after registering has."""
        token = self.token_for(f"{name}@example.com", "/verify-email")
        self.does("nobody", f"{name}-verifies", "get", f"/auth/email/verify?token={token}")

    def token_for(self, address: str, page: str) -> str:
        """Return the token of the last link to a page that was mailed to an address."""
        mails = [mail for mail in self.mailbox if mail.to == [address] and f"{page}?" in str(mail.body)]
        return token_in(mails[-1])

    def slug_of(self, name: str) -> str:
        """Return the slug of somebody's account."""
        return next(slug for slug, known in self.names.items() if known == name)

    def told(self, events: list[dict[str, Any]]) -> str:
        """Return events as a table, the first one first."""
        rows = [
            (
                event["request_id"] or "-",
                event["actor_kind"],
                self.names.get(event["actor"], "-"),
                event["action"],
                self.names.get(event["target"]["id"], event["target"]["name"]) or event["target"]["kind"],
                ", ".join(f"{name}: {_brief(change)}" for name, change in sorted(event["changes"].items())),
            )
            for event in reversed(events)
        ]
        return "".join(" | ".join(row).rstrip(" |") + "\n" for row in rows)


def _brief(change: dict[str, Any]) -> str:
    return f"{change['old']} -> {change['new']}"


@pytest.fixture
def story(mailbox: Mailbox, run_outbox: RunOutbox) -> Story:
    """Return a story in which nothing has happened."""
    return Story(mailbox, run_outbox)


def test_the_trail_tells_the_whole_life_of_an_organization(story: Story) -> None:
    story.registers("ann")
    story.verifies("ann")
    story.does("ann", "ann-founds-acme", "post", "/orgs/", {"name": "Acme", "slug": "acme"}, expect=201)

    for name, role in (("bob", "admin"), ("cleo", "member")):
        body = {"email": f"{name}@example.com", "role": role}
        story.does("ann", f"ann-invites-{name}", "post", "/orgs/acme/invitations/", body, expect=201)
    story.registers("bob", invitation=story.token_for("bob@example.com", "/invitation"))
    story.registers("cleo")
    story.verifies("cleo")
    token = story.token_for("cleo@example.com", "/invitation")
    seen = story.does("nobody", "cleo-looks", "post", "/invitations/preview", {"token": token})
    assert (seen["organization"]["name"], seen["role"], seen["has_account"]) == ("Acme", "member", True)
    (mine,) = story.does("cleo", "cleo-looks-again", "get", "/invitations/")["items"]
    story.does("cleo", "cleo-accepts", "post", f"/invitations/{mine['id']}/accept")

    robot = {"name": "Robot", "permissions": ["contacts.read", "contacts.write", "org.read", "org.update"]}
    key = story.does("bob", "bob-makes-a-key", "post", "/orgs/acme/api-keys/", robot, expect=201)
    story.people["robot"] = Api(key["key"])
    body = {"organization": "acme", "display_name": "Grace"}
    story.does("robot", "robot-adds-a-contact", "post", "/contacts/", body, expect=201)
    story.does("robot", "robot-renames-acme", "patch", "/orgs/acme/", {"name": "Acme Ltd"})
    story.does("robot", "robot-may-not-invite", "get", "/orgs/acme/members/", expect=403)

    cleo = f"/orgs/acme/members/{story.slug_of('cleo')}/"
    story.does("cleo", "cleo-may-not-delete", "delete", "/orgs/acme/?confirm=acme", expect=403)
    story.does("ann", "ann-promotes-cleo", "patch", cleo, {"role": "admin"})
    story.does("ann", "ann-promotes-cleo-again", "patch", cleo, {"role": "admin"})
    story.does("cleo", "cleo-exports", "post", "/orgs/acme/export/", expect=202)
    story.does("ann", "ann-hands-over", "post", "/orgs/acme/transfer/", {"member": story.slug_of("bob")})

    leaving = story.does("ann", "ann-asks", "get", "/auth/delete/preview")
    assert leaving["keeps"] == {"organizations": ["acme"]}
    story.does("ann", "ann-deletes-her-account", "delete", "/auth/delete", expect=204)
    story.does("bob", "bob-removes-cleo", "delete", cleo, expect=204)
    story.does("bob", "bob-revokes-the-key", "delete", f"/orgs/acme/api-keys/{key['id']}/", expect=204)
    story.does("robot", "robot-is-out", "get", "/orgs/acme/", expect=401)

    trail = story.does("bob", "bob-reads", "get", "/orgs/acme/audit/?limit=200")
    assert story.told(trail["items"]) == TRAIL.lstrip()

    story.does("bob", "bob-deletes-acme", "delete", "/orgs/acme/?confirm=acme", expect=204)
    story.does("bob", "bob-cannot-read", "get", "/orgs/acme/audit/", expect=404)
    last = Event.objects.order_by("-id").filter(owner="acme").first()
    assert last is not None
    assert (last.action, last.request_id) == ("organization.deleted", "bob-deletes-acme")
    assert Event.objects.filter(owner="acme").count() == len(trail["items"]) + 1
