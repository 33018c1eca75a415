"""The periodic tasks, for ``app.conf.beat_schedule = {**ORGKIT_BEAT_SCHEDULE, …}`` in the host's Celery app."""

from __future__ import annotations

from typing import Any

ORGKIT_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "orgkit-drain-outbox": {"task": "orgkit.outbox.drain", "schedule": 30.0},
    "orgkit-purge-receipts": {"task": "orgkit.outbox.purge", "schedule": 86400.0},
    "orgkit-revive-exports": {"task": "orgkit.exports.revive", "schedule": 30.0},
    "orgkit-expire-exports": {"task": "orgkit.exports.expire", "schedule": 3600.0},
    "orgkit-revive-images": {"task": "orgkit.images.revive", "schedule": 3600.0},
    "orgkit-purge-sessions": {"task": "orgkit.accounts.purge_sessions", "schedule": 86400.0},
    "orgkit-purge-protocol": {"task": "orgkit.protocol.purge", "schedule": 3600.0},
    "orgkit-purge-organizations": {"task": "orgkit.organizations.purge_deleted", "schedule": 3600.0},
}
