"""A host that keeps everything in the database ``people`` and has no default one: Django refuses each use of it."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

_people = DATABASES["default"]
_people["TEST"] = {"NAME": f"{_people['TEST']['NAME']}_{os.getpid()}_elsewhere", "DEPENDENCIES": []}
DATABASES = {"default": {}, "people": _people}
# The first one says where the host's own apps are, and that of the kit follows it.
DATABASE_ROUTERS = ["tests.hosts.elsewhere.routers.People", "ninja_orgkit.database.routers.WithUserModel"]
