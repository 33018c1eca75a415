"""The app of the kernel, and the list of all apps of the kit."""

from celery.signals import task_postrun, task_prerun
from django.apps import AppConfig
from django.apps import apps as installed
from django.core.signals import request_finished, request_started
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

ORGKIT_APPS = [
    "ninja_orgkit",
    "ninja_orgkit.accounts",
    "ninja_orgkit.organizations",
    "ninja_orgkit.tags",
    "ninja_orgkit.images",
    "ninja_orgkit.exports",
    "ninja_orgkit.apikeys",
    "ninja_orgkit.contacts",
    "ninja_orgkit.audit",
]


class OrgKitConfig(AppConfig):
    """The kernel: the registry, the outbox, and the HTTP conventions that all features share."""

    name = "ninja_orgkit"
    label = "orgkit"
    verbose_name = "Organization kit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load what every app registers, and delete links together with the objects of the registered models."""
        from ninja_orgkit import registry
        from ninja_orgkit.audit import acting
        from ninja_orgkit.background import tasks  # noqa: F401
        from ninja_orgkit.checks import (  # noqa: F401
            apps,
            broker,
            callables,
            databases,
            deployment,
            mail,
            roles,
            settings,
            storage,
            throttles,
        )
        from ninja_orgkit.checks import registry as registry_checks  # noqa: F401
        from ninja_orgkit.custom import hooks
        from ninja_orgkit.database import attachments
        from ninja_orgkit.database.collations import compare_by_bytes
        from ninja_orgkit.media import tasks as media_tasks  # noqa: F401
        from ninja_orgkit.protocol import tasks as protocol_tasks  # noqa: F401

        if installed.is_installed("ninja_orgkit.organizations"):  # otherwise a check reports it
            from ninja_orgkit.users import tasks as users_tasks  # noqa: F401

        for signal in (request_started, request_finished):
            signal.connect(acting.forget_actor, dispatch_uid="orgkit.audit.forget_actor")
            signal.connect(hooks.leave_request, dispatch_uid="orgkit.hooks.leave_request")
        task_prerun.connect(acting.begin_task, dispatch_uid="orgkit.audit.begin_task")
        task_postrun.connect(acting.end_task, dispatch_uid="orgkit.audit.end_task")
        autodiscover_modules("orgkit")
        for config in installed.get_app_configs():
            if config.name.partition(".")[0] == "ninja_orgkit":
                post_migrate.connect(compare_by_bytes, sender=config)
        for resource in registry.resources():
            attachments.cascade_from(resource.model)
