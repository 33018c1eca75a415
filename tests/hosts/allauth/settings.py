"""A host with allauth beside the kit, with the settings that the guide says to copy."""

from __future__ import annotations

import os

from tests.docs.pages import DOCS, blocks
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, SILENCED_SYSTEM_CHECKS

INSTALLED_APPS = [*INSTALLED_APPS]
MIDDLEWARE = [*MIDDLEWARE]

exec(blocks(DOCS / "guides" / "allauth.md", "python")[0])

INSTALLED_APPS += ["allauth.socialaccount.providers.dummy"]
ROOT_URLCONF = "tests.hosts.allauth.urls"
ACCOUNT_RATE_LIMITS = False
# On MariaDB, Django says of allauth's own models that they lack constraints there. A project silences that too.
SILENCED_SYSTEM_CHECKS = [*SILENCED_SYSTEM_CHECKS, "models.W036"]
MFA_TOTP_TOLERANCE = 1  # a test may cross the boundary of a time step
DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['TEST']['NAME']}_{os.getpid()}_allauth"}
