"""A user with a UUID as key, short columns with unusual names, and without Django's permissions."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, handle: str, contact_email: str = "", password: str | None = None, **extra: Any) -> Member:
        member = self.model(handle=handle, contact_email=contact_email, **extra)
        member.set_password(password)
        member.save(using=self._db)
        return member

    create_superuser = create_user


class Member(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    handle = models.CharField(max_length=20, unique=True)
    contact_email = models.EmailField(max_length=100, blank=True)
    first_name = models.CharField(max_length=30, blank=True)

    objects = MemberManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "contact_email"
    REQUIRED_FIELDS = ["contact_email"]


class Machine(models.Model):
    """A model with two UUIDs: the primary key, and the serial number that clients use."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    serial = models.UUIDField(unique=True, default=uuid.uuid4)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="machines")
    name = models.CharField(max_length=50)

    objects: ClassVar[models.Manager[Machine]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Badge(models.Model):
    """Points at a contact through a relation without a reverse accessor."""

    holder = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[Badge]] = models.Manager()

    def __str__(self) -> str:
        return str(self.holder)


class OldMachine(Machine):
    class Meta:
        proxy = True
