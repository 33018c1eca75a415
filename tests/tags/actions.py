"""What most tests of tags do."""

from __future__ import annotations

from typing import Any

from tests.org import Org


def contact_tags_path(org: Org, name: str = "Ada") -> str:
    """Create a contact and return the path of its tags."""
    return org.tags_path_of(org.add_contact(name))


def assign(org: Org, path: str, *names: str) -> list[dict[str, Any]]:
    """Assign tags to the object at a path and return all its tags."""
    response = org.api.post(path, {"tags": list(names)})
    assert response.status_code == 200, response.content
    tags: list[dict[str, Any]] = response.json()
    return tags


def list_tags(org: Org, **query: Any) -> list[dict[str, Any]]:
    """Return the first page of the organization's tags."""
    tags: list[dict[str, Any]] = org.api.get(org.tags_path, **query).json()["items"]
    return tags
