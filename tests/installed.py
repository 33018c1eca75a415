"""Use the installed package as a new project would, without the checkout; ``nox -s build`` runs this file."""

from __future__ import annotations

import sys
from importlib.resources import files

import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, include, path

urlpatterns: list[URLResolver] = []


def main() -> None:
    """Check, migrate and ask for the health, with the settings of a project that has just begun."""
    from ninja_orgkit.apps import ORGKIT_APPS

    settings.configure(
        SECRET_KEY="x" * 50,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "ninja",
            "django_celery_results",
            *ORGKIT_APPS,
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
                "OPTIONS": {"transaction_mode": "IMMEDIATE"},
            }
        },
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )
    django.setup()
    # Not earlier: ninja reads settings when it is imported.
    urlpatterns.append(path("api/v1/", include("ninja_orgkit.urls")))
    call_command("check", fail_level="ERROR")
    call_command("migrate", verbosity=0)
    package = files("ninja_orgkit")
    assert "site-packages" in str(package), package
    assert package.joinpath("py.typed").is_file()
    mails = [item.name for item in package.joinpath("templates/orgkit/mail").iterdir()]
    assert any(name.endswith(".html") for name in mails), mails
    assert package.joinpath("locale/de/LC_MESSAGES/django.mo").is_file()
    assert not any(item.name == "tests" for item in package.iterdir())
    answer = Client().get("/api/v1/health?live=1")
    assert answer.status_code == 200, answer.content
    registered = Client().post(
        "/api/v1/auth/register",
        {"email": "somebody@example.com", "password": "correct horse battery"},
        content_type="application/json",
    )
    assert registered.status_code == 201, registered.content
    sys.stdout.write(f"ninja-orgkit works from {package}\n")


if __name__ == "__main__":
    main()
