"""A host whose users have nothing but an e-mail address, with Django's old default for primary keys."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.people"]
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['TEST']['NAME']}_{os.getpid()}_people"}
