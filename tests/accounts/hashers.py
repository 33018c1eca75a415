"""Password hashers that count, or let something happen, while they work."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.hashers import MD5PasswordHasher, PBKDF2PasswordHasher

from ninja_orgkit.database.alias import kit_connection


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


class OutsideTransactionsHasher(MD5PasswordHasher):
    """Hashes like its parent, and refuses to do so while a transaction keeps others waiting."""

    def encode(self, password: str, salt: str) -> str:
        """Hash, unless a transaction is open."""
        assert not kit_connection().in_atomic_block, "a password is hashed inside a transaction"
        return super().encode(password, salt)


class NewerHasher(PBKDF2PasswordHasher):
    """Another hasher than that of the tests, which takes no longer."""

    iterations = 1
