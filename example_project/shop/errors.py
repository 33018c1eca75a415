"""The shop's own errors: the name of a class is the code that clients see, and its docstring the message."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, Invalid


class SkuTaken(Conflict):
    """There is a product with this SKU. Choose another one."""


class DisposableAddress(Invalid):
    """This is a throwaway address. Invite an address that its owner keeps."""
