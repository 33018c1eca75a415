"""Password hashers that count, or let something happen, while they work."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    """Hashes like its parent, and counts."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        """Hash, and count it."""
        CountingHasher.count += 1
        return super().encode(password, salt)


class SlowHasher(MD5PasswordHasher):
    """Hashes like its parent, and calls ``meanwhile`` while it checks a password."""

    meanwhile: Callable[[], object] = dict

    def verify(self, password: str, encoded: str) -> bool:
        """Call ``meanwhile``, and check the password."""
        SlowHasher.meanwhile()
        return super().verify(password, encoded)
