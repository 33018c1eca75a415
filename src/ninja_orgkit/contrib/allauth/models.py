"""Which session of Django belongs to which session of the kit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from ninja_orgkit.accounts.models import Session


class LinkedSession(models.Model):
    """A sign-in through allauth: a session of the kit, and the session of Django that ends together with it.

    The session of Django holds the id of the other one. Its key changes now and then, and this row follows. A signed
    cookie is its own key, which is longer, and no server can end it.
    """

    MAX_KEY_LENGTH = 40

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="+")
    session_key = models.CharField(max_length=MAX_KEY_LENGTH, db_index=True)

    objects: ClassVar[models.Manager[LinkedSession]] = models.Manager()

    def __str__(self) -> str:
        """Return the id of the session of the kit; the key of the other one is a secret."""
        return str(self.pk)
