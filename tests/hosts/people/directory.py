"""A backend that creates users, as those for LDAP do, and that needs the request, as those for tenants do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from tests.hosts.people.models import Person

PEOPLE = {"grace@example.com": "from the directory"}


class Directory(BaseBackend):
    """Knows some people by their passwords, and creates them when they sign in for the first time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the person that the directory knows, created if needed."""
        if request is None:
            raise ValueError("The directory needs the request")
        if username is None or password is None or PEOPLE.get(username) != password:
            return None
        return Person.objects.filter(email=username).first() or Person.objects.create_user(username)
