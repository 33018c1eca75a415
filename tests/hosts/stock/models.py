"""Django's own user, with a proxy and with a model that extends it."""

from __future__ import annotations

from django.contrib.auth.models import User, UserManager
from django.db import models


class Colleague(User):
    class Meta:
        proxy = True


class Customer(User):
    number = models.CharField(max_length=20)

    objects = UserManager()
