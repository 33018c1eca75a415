"""A hasher that counts its work."""

from __future__ import annotations

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    """Hashes like its parent, and counts."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        """Hash, and count it."""
        CountingHasher.count += 1
        return super().encode(password, salt)
