"""``GET /health``: whether the services that the application needs are there, in single words because it is public."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query
from pydantic import BaseModel

from ninja_orgkit.health.probes import Verdict, examine
from ninja_orgkit.protocol.fields import Flag, example
from ninja_orgkit.protocol.responses import Reply
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["health"])

_VERSION = version("ninja-orgkit")
CHECK_HEALTH = "orgkit-health"
"""The URL name of the route."""

_NOT_KEPT = {"Cache-Control": "no-store"}

Live = Annotated[Flag, Query(False, description="Only confirm that the process is alive.")]


class OrgkitHealthChecks(BaseModel):
    """The state of each service that the application needs."""

    database: Verdict
    cache: Verdict
    storage: Verdict
    broker: Verdict


class OrgkitHealth(BaseModel):
    """The health of the application. It is ``degraded`` when a service other than the database is unavailable."""

    model_config = example(
        status="ok", version="1.0.0", checks={"database": "ok", "cache": "ok", "storage": "ok", "broker": "ok"}
    )

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    checks: OrgkitHealthChecks


class OrgkitHealthWithoutMail(OrgkitHealth):
    """The health of the application while mails wait for the mail server. It is ``degraded``."""

    model_config = example(
        status="degraded",
        version="1.0.0",
        checks={"database": "ok", "cache": "ok", "storage": "ok", "broker": "ok"},
        mail="unavailable",
    )

    mail: Literal["unavailable"]


class OrgkitLiveness(BaseModel):
    """The process is alive."""

    model_config = example(status="ok")

    status: Literal["ok"]


@router.get(
    "",
    response={200: OrgkitHealthWithoutMail | OrgkitHealth | OrgkitLiveness, 503: OrgkitHealth},
    url_name=CHECK_HEALTH,
    any_query=True,
)
def check_health(request: HttpRequest, live: Live) -> Reply:
    """Check the database, cache, storage and broker. With ``live=1``, only confirm that the process is alive.

    `mail` is in the answer only while mails wait because the mail server cannot be reached.
    """
    if live:
        return Reply({"status": "ok"}, headers=_NOT_KEPT)
    checks = examine()
    mail = checks.pop("mail")
    if checks["database"] == "unavailable":
        body = {"status": "unavailable", "version": _VERSION, "checks": checks}
        return Reply(body, status=503, headers={**_NOT_KEPT, "Retry-After": "5"})
    status = "degraded" if "unavailable" in (mail, *checks.values()) else "ok"
    body = {"status": status, "version": _VERSION, "checks": checks}
    return Reply({**body, "mail": mail} if mail == "unavailable" else body, headers=_NOT_KEPT)
