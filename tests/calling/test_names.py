"""The functions and signals for a host's code are those that the documentation lists."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from ninja_orgkit import services
from tests.calling.listening import ALL

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "python.md").read_text()
PUBLIC = (ROOT / "CHANGELOG.md").read_text().partition("## What is public")[2].partition("## [Unreleased]")[0]
SIGNATURES = {
    "sign_in": "(user, request=None)",
    "end_sessions": "(account, *, but=None)",
    "create_organization": "(*, owner, name, slug='', custom=None)",
    "update_organization": "(organization, *, by=None, **changes)",
    "delete_organization": "(organization, *, by=None)",
    "add_member": "(organization, account, *, role, by=None)",
    "change_role": "(organization, account, *, role, by=None)",
    "remove_member": "(organization, account, *, by=None)",
    "transfer_ownership": "(organization, account, *, by)",
    "invite": "(organization, *, email, role, by)",
    "invite_many": "(organization, invitations, *, by, refused=None)",
    "create_contact": "(organization, *, creator=None, **fields)",
    "update_contact": "(contact, **changes)",
    "delete_contact": "(contact)",
    "assign_tags": "(obj, names)",
    "unassign_tags": "(obj, names)",
    "tags_of": "(obj)",
    "upload_image": "(organization, file, *, creator=None, title='', description='', alt_text='')",
    "attach_images": "(obj, images)",
    "detach_images": "(obj, images)",
    "images_of": "(obj)",
    "file_url": "(image, rendition=None)",
    "request_export": "(organization, *, by, admit=None)",
    "record": "(action, *, organization=None, account=None, target=None, changes=None)",
    "require": "(permission, *, parameter='org_slug')",
    "get_membership": "(caller, org_slug, *, needs)",
    "memberships_of": "(caller, *, needs='org.read')",
    "tagged": "(queryset, all_of=(), any_of=(), none_of=(), *, organization=None)",
    "with_tags": "(queryset)",
    "with_images": "(queryset)",
}

pytestmark = pytest.mark.once


def test_all_functions_are_there_with_their_parameters() -> None:
    assert sorted(services.__all__) == sorted([*SIGNATURES, "TagFilter"])
    for name, expected in SIGNATURES.items():
        signature = inspect.signature(getattr(services, name))
        plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
        assert str(inspect.Signature(plain)) == expected, name


def test_every_function_is_documented_and_typed() -> None:
    assert services.TagFilter.__doc__
    for name in SIGNATURES:
        function = getattr(services, name)
        assert function.__doc__, name
        assert set(function.__annotations__) == {*inspect.signature(function).parameters, "return"}, name


@pytest.mark.parametrize(("module", "names"), [("services", services.__all__), ("signals", sorted(ALL))])
def test_the_reference_and_the_changelog_list_exactly_these(module: str, names: list[str]) -> None:
    listed = re.findall(rf"^\.\. auto(?:function|data|class):: ninja_orgkit\.{module}\.(\w+)$", REFERENCE, re.MULTILINE)
    assert sorted(listed) == sorted(names)
    (entry,) = re.findall(rf"`ninja_orgkit\.{module}`:([^:]*?)\n(?:  - |- )", PUBLIC)
    assert sorted(re.findall(r"`(\w+)`", entry)) == sorted(names)
