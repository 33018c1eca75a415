"""Run what the benchmarks run once and on very little, so that none of them breaks unnoticed.

Run it as ``python benchmarks/smallest.py``, as a test does. What it prints measures nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import audit
import bulk
import export
import growth
import host
import login
import reading
import renditions

_EMPTY = "TRUNCATE auth_user, orgkit_organizations_organization CASCADE"


def on_a_server() -> None:
    """Run the benchmarks of the host, one after another."""
    audit.ROUNDS = bulk.ROUNDS = growth.ROUNDS = login.ROUNDS = reading.ROUNDS = 1
    growth.SLOW_ROUNDS = login.SLOW_ROUNDS = login.LOGINS = login.CHECKS = growth.OTHERS = 1
    audit.measure(200, plans=False)
    host.execute(_EMPTY)
    bulk.measure(2)
    host.execute(_EMPTY)
    growth.measure(2000)
    host.execute(_EMPTY)
    login.measure(20)
    host.execute(_EMPTY)
    reading.measure(0.01)


def on_files(folder: Path) -> None:
    """Run the shapes of the benchmarks that read files."""
    host.execute(_EMPTY)
    export.seed(folder, rows=10, mebibytes=4)
    for shape in export.SHAPES:
        with tempfile.TemporaryFile(dir=folder) as out:
            getattr(export, shape)(folder, 4, out)
    path = folder / "picture.jpg"
    renditions.picture(400, 300).save(path)
    for shape in renditions.SHAPES:
        getattr(renditions, shape)(path)()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        stored = {
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": f"{name}/media"},
            }
        }
        hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        templates = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
        with host.running(STORAGES=stored, PASSWORD_HASHERS=hashers, TEMPLATES=templates):
            on_a_server()
            on_files(Path(name))
