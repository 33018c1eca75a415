"""A host without the apps of the kit that ``HOST_WITHOUT`` names."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

WITHOUT = os.environ.get("HOST_WITHOUT", "").split()
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("shop", *(f"ninja_orgkit.{name}" for name in WITHOUT))]
DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['TEST']['NAME']}_{'_'.join(['bare', *WITHOUT])}"}
