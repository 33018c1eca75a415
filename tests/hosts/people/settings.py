"""A host whose users have nothing but an e-mail address, with Django's old default for primary keys.

Its people may also come from a directory, and django-axes locks accounts after wrong passwords.
"""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hosts.people", "axes"]
MIDDLEWARE = [*MIDDLEWARE, "axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "tests.hosts.people.directory.Directory",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 4
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"  # as Django's own form names it, whatever the field of the user
AXES_VERBOSE = False
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['TEST']['NAME']}_{os.getpid()}_people"}
