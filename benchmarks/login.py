"""Signing in: ours against the least that it takes. Run it as ``python benchmarks/login.py [accounts]``.

Among 1,000,000 accounts (or as many as the argument says): finding one by its e-mail address against finding one by
another unique key, and against ``iexact``, which most projects write; the statements of a login; the time of an unknown
account against that of a wrong password; and the CPU that checking an access token takes. The runs are interleaved, and
only ratios within one run count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import host
from django.test import Client

ROUNDS = 201
SLOW_ROUNDS = 5
LOGINS = 31
CHECKS = 2000
PASSWORD = "correct horse battery"


def seed(accounts: int) -> None:
    """Fill the tables, and make one account with a password."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    from ninja_orgkit.accounts.models import Account  # noqa: PLC0415

    user_model = get_user_model()
    with host.without_indexes("auth_user", "orgkit_accounts_account"):
        host.insert_copies(
            user_model(password="!"),
            "generate_series(1, %(accounts)s) AS number",
            {"accounts": accounts},
            username="'user' || number",
            email="'User' || number || '@example.com'",
        )
        host.insert_copies(
            Account(),
            "auth_user",
            user_id="id",
            slug="'slug-' || username",
            username="username",
            username_key="username",
            email="email",
            email_key="lower(email)",
        )
    user_model.objects.create_user("ada", "Ada@example.com", PASSWORD)


def lookups(accounts: int) -> dict[str, Callable[[], float]]:
    """Return the ways to find an account; each run looks for another one."""
    from ninja_orgkit.accounts.models import Account  # noqa: PLC0415
    from ninja_orgkit.accounts.selectors import account_by_login  # noqa: PLC0415

    def timed(find: Callable[[int], Any]) -> Callable[[], float]:
        asked = iter(range(1, 10**9))

        def run() -> float:
            with host.recorded() as record:
                found = find(next(asked) * 7919 % accounts + 1)
            assert found is not None
            return record.seconds

        return run

    def by_key(number: int) -> Any:
        return Account.objects.select_related("user").filter(slug=f"slug-user{number}").first()

    def by_iexact(number: int) -> Any:
        return Account.objects.select_related("user").filter(email__iexact=f"user{number}@EXAMPLE.com").first()

    return {
        "floor": timed(by_key),
        "ours": timed(lambda number: account_by_login(email=f"user{number}@EXAMPLE.com")),
        "naive": timed(by_iexact),
    }


def log_in(client: Client, login: str, password: str) -> float:
    """Return how long an attempt to sign in takes, in seconds."""
    body = {"email" if "@" in login else "username": login, "password": password}
    started = time.perf_counter()
    response = client.post("/api/v1/token/pair", body, content_type="application/json")
    seconds = time.perf_counter() - started
    assert response.status_code == (200 if password == PASSWORD else 401), response.content
    return seconds


def cpu_of_a_check(*, again: bool) -> float:
    """Return the CPU of checking an access token, in milliseconds: its signature, its claims, its type.

    ``again`` checks a token that the process has seen, as nearly all requests of a client do.
    """
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    from ninja_orgkit.accounts.services.sessions import begin_session  # noqa: PLC0415
    from ninja_orgkit.accounts.tokens import mint_pair, read_jwt  # noqa: PLC0415

    account = get_user_model().objects.get(username="ada").orgkit_account
    begin_session(account)
    session = account.sessions.latest("created_at")
    tokens = []
    for _ in range(CHECKS):
        session.gen += not again
        tokens.append(mint_pair(session).access)
    started = time.process_time()
    for token in tokens:
        read_jwt(token, token_type="access")
    return (time.process_time() - started) / CHECKS * 1e3


def measure(accounts: int) -> None:
    """Print one line for each target."""
    started = time.perf_counter()
    seed(accounts)
    print(f"{accounts:,} accounts, made in {time.perf_counter() - started:.0f} s")
    shapes = lookups(accounts)
    naive = {"naive": shapes.pop("naive")}
    times = {**host.medians(shapes, ROUNDS), **host.medians(naive, SLOW_ROUNDS)}
    for name, goal in (("ours", 1.2), ("naive", None)):
        ratio = times[name] / times["floor"]
        reached = host.verdict(ratio, goal) if goal else ""
        print(f"look-up, {name:6} {times[name] * 1e3:8.3f} ms  {ratio:8.2f} × by a unique key {reached}")
    with host.recorded() as record:
        shapes["ours"]()
    print(host.plan_of(record))

    client = Client()
    log_in(client, "ada@example.com", PASSWORD)
    with host.recorded() as record:
        log_in(client, "ada@example.com", PASSWORD)
    own = [sql for sql, _ in record.statements if "last_login" not in sql.partition(" SET ")[2]]
    print(f"statements of a login, besides last_login: {len(own)} {host.verdict(len(own), 3)}")
    for sql, _ in record.statements:
        print(f"      {sql[:60]}")
    spent = host.medians(
        {
            "unknown": lambda: log_in(client, "nobody@example.com", "wrong horse battery"),
            "wrong": lambda: log_in(client, "ada@example.com", "wrong horse battery"),
        },
        LOGINS,
    )
    ratio = spent["unknown"] / spent["wrong"]
    print(f"unknown account: {ratio:.2f} × wrong password (target 0.8–1.25), {spent['wrong'] * 1e3:.1f} ms")
    for what, again in (("a new", False), ("a known", True)):
        check = min(cpu_of_a_check(again=again) for _ in range(5))
        print(f"checking {what} access token: {check:.3f} ms of CPU {host.verdict(check, 0.07)}")


if __name__ == "__main__":
    with host.running(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"]):
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
