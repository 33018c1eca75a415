"""E-mail addresses: which ones are valid, the key of a mailbox, and what a mail server is told."""

from __future__ import annotations

import re
from ipaddress import ip_address

import idna

MAX_EMAIL_LENGTH = 254
"""The maximum length in characters, of an address and of its key (RFC 5321, section 4.5.3.1.3)."""

_ATEXT = r"[-!#$%&'*+/=?^_`{|}~0-9A-Za-z\u0080-\U0010ffff]"
_DOT_STRING = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED_STRING = re.compile(r'"((?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*)"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LEVEL = re.compile(r"[a-z][a-z-]*[a-z]|xn--[a-z0-9-]+")
_MAX_DOMAIN_LENGTH = 253
_A_TO_Z = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def email_key(value: str) -> str | None:
    """Return the key of an e-mail address, None for a blank one.

    Two addresses with one key are one mailbox: it folds no further than mail delivery does. Letters A to Z have no case
    and the domain is compared in its ASCII form. What is not an address has a key too, which no address has.
    """
    value = value.strip()
    local, at, domain = value.rpartition("@")
    if not at:
        return value.translate(_A_TO_Z) or None
    return f"{_local_key(local)}@{_domain_key(domain)}"


def mail_address(value: str) -> str:
    """Return the address as a mail server is told it: with the domain in ASCII.

    Left to itself, Python encodes domains by an older standard (IDNA 2003), by which some are another domain.
    """
    local, at, domain = value.rpartition("@")
    return value if domain.isascii() else f"{local}{at}{_domain_key(domain)}"


def require_email(value: str) -> None:
    """Raise ValueError unless the value is an e-mail address (RFC 5321, RFC 6531) with a full domain."""
    local, _, domain = value.rpartition("@")
    if not (_DOT_STRING.fullmatch(local) or _QUOTED_STRING.fullmatch(local)):
        raise ValueError(value)
    key = domain_key(domain)
    if not (key.startswith("[") or key == "localhost"):
        labels = key.split(".")
        if len(key) > _MAX_DOMAIN_LENGTH or not all(map(_LABEL.fullmatch, labels)):
            raise ValueError(value)
        if len(labels) < 2 or not _TOP_LEVEL.fullmatch(labels[-1]):
            raise ValueError(value)
    if max(len(value), len(email_key(value) or "")) > MAX_EMAIL_LENGTH:
        raise ValueError(value)


def domain_key(domain: str) -> str:
    """Return a domain in its ASCII form (UTS 46, non-transitional), or an address literal in its shortest form.

    Raises ValueError for characters that are not allowed there, and for labels that only look encoded.
    """
    if domain.startswith("[") and domain.endswith("]"):
        return f"[{ip_address(domain[1:-1])}]"
    return ".".join(map(_ascii_label, idna.uts46_remap(domain).split(".")))


def _domain_key(domain: str) -> str:
    try:
        return domain_key(domain)
    except ValueError:
        return domain.translate(_A_TO_Z)


def _local_key(local: str) -> str:
    """Return the part before the ``@`` without needless quotes (RFC 5321, section 4.1.2) and without case."""
    if quoted := _QUOTED_STRING.fullmatch(local):
        plain = re.sub(r"\\(.)", r"\1", quoted[1])
        local = plain if _DOT_STRING.fullmatch(plain) else '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
    return local.translate(_A_TO_Z)


def _ascii_label(label: str) -> str:
    """Return a mapped label in ASCII. Raises ValueError if it does not meet the validity criteria of UTS 46."""
    text = label
    if label.startswith("xn--"):
        text = label[4:].encode("ascii").decode("punycode")
        if text.isascii() or idna.uts46_remap(text) != text:
            raise ValueError(label)
    elif label.isascii():
        return label
    idna.check_initial_combiner(text)
    idna.check_bidi(text)
    if not all(idna.valid_contextj(text, at) for at, char in enumerate(text) if char in "\u200c\u200d"):
        raise ValueError(label)
    return "xn--" + text.encode("punycode").decode("ascii")
