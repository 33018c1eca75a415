"""Django signals that tell a host what happened in the kit.

Each is sent after the commit, with the class of the model as ``sender`` and three keywords. ``instance`` is the object.
One that was deleted keeps its values, but its row is gone. ``by`` is the account in whose name it was done: None for
the host's own code, for tasks, and for anonymous requests; in the admin it is the staff user. ``changes`` is
``{field: {"old": …, "new": …}}`` for a change, and ``{}`` otherwise. A receiver that raises is logged, and harms
neither the change nor other receivers.

Deleting an organization sends ``organization_deleted`` only, although everything in it goes too.
"""

from __future__ import annotations

from django.dispatch import Signal

account_created = Signal()
"""A user got an account, however the user was created. ``instance`` is the Account."""

account_deleted = Signal()
"""An account was deleted with its user. ``instance`` is the Account."""

password_changed = Signal()
"""The password of a user was set anew, by whatever code. ``instance`` is the Account."""

address_changed = Signal()
"""An account has another e-mail address. ``instance`` is the Account; ``changes`` has ``email``."""

organization_created = Signal()
"""An organization was created, also a personal one. ``instance`` is the Organization."""

organization_deleted = Signal()
"""An organization was deleted. ``instance`` is the Organization, whose data goes in the background."""

member_added = Signal()
"""Somebody joined an organization, also as its creator. ``instance`` is the Membership."""

member_removed = Signal()
"""Somebody left an organization or was removed from it. ``instance`` is the Membership."""

role_changed = Signal()
"""A member has another role. ``instance`` is the Membership; ``changes`` has ``role``."""

invitation_sent = Signal()
"""Somebody was invited. ``instance`` is the Invitation."""

invitation_accepted = Signal()
"""Somebody joined by an invitation. ``instance`` is the Invitation. ``member_added`` is sent, too."""

contact_created = Signal()
"""A contact was created. ``instance`` is the Contact."""

contact_changed = Signal()
"""Fields of a contact changed. ``instance`` is the Contact; ``changes`` has these fields."""

contact_deleted = Signal()
"""A contact was deleted. ``instance`` is the Contact."""

image_ready = Signal()
"""The renditions of an image are stored. ``instance`` is the Image. A worker sends it."""

image_failed = Signal()
"""The renditions of an image cannot be made. ``instance`` is the Image. A worker sends it."""

export_ready = Signal()
"""The archive of an export is stored. ``instance`` is the ExportJob. A worker sends it."""
