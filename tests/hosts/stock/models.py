"""Django's own user, seen through a proxy and extended by a model of its own."""

from __future__ import annotations

from django.contrib.auth.models import User, UserManager
from django.db import models


class Colleague(User):
    class Meta:
        proxy = True


class Customer(User):
    number = models.CharField(max_length=20)

    objects = UserManager()
