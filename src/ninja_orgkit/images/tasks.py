"""Render images in the background."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.background.retries import RetriedTask
from ninja_orgkit.images import rendering


@shared_task(
    name=rendering.RENDER,
    ignore_result=True,
    base=RetriedTask,
    acks_late=True,
    retry_on=(Exception,),  # storages raise anything when they are down; a broken picture raises nothing
    longest_pause=600,
    max_retries=8,
)
def render_image(image: int) -> None:
    """Make the renditions of one image."""
    rendering.render_image(image)


@shared_task(name="orgkit.images.revive", ignore_result=True)
def revive_images() -> None:
    """Restart renditions that no worker has finished."""
    rendering.revive()
