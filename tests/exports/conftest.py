"""Fixtures of the tests of exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client import Api
from tests.conftest import RunOutbox
from tests.exports.actions import get_job, start_export
from tests.exports.archives import Unpacked
from tests.org import Org

Export = Callable[[], Unpacked]


@pytest.fixture
def export(org: Org, run_outbox: RunOutbox, tmp_path: Path) -> Export:
    """Return a function that exports the organization and unpacks what its owner downloads."""

    def _export() -> Unpacked:
        job = start_export(org)
        run_outbox()
        job = get_job(org, job["id"])
        assert job["status"] == "ready", job
        response = Api().get(job["download_url"])
        assert response.status_code == 200, response
        path = tmp_path / f"{job['id']}.zip"
        path.write_bytes(b"".join(response.streaming_content))
        return Unpacked(path)

    return _export
