"""A host with UUIDs for keys, and without Django's permissions and admin."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*(app for app in INSTALLED_APPS if app != "django.contrib.admin"), "tests.hosts.team"]
ROOT_URLCONF = "tests.hosts.urls"
AUTH_USER_MODEL = "team.Member"
DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['TEST']['NAME']}_{os.getpid()}_team"}
