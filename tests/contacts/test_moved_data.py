"""What migrations do to the contacts of an earlier version."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db import connection

from ninja_orgkit.contacts.models import Contact
from tests.org import Org

EDITOR = SimpleNamespace(connection=connection)
folded_texts: Any = import_module("ninja_orgkit.contacts.migrations.0005_folded_texts")
derived_names: Any = import_module("ninja_orgkit.contacts.migrations.0004_derived_names")


def test_a_display_name_that_equals_the_other_names_follows_them_from_now_on(org: Org) -> None:
    for chosen, first, last in (("Ada King", "Ada", "King"), ("Ada", "", "Ada"), ("Countess", "Ada", "King")):
        org.add_contact(chosen, first_name=first, last_name=last)
    assert not Contact.objects.exclude(derived_name="").exists()
    derived_names.recognise(apps, EDITOR)
    assert set(Contact.objects.values_list("display_name", "derived_name")) == {
        ("Ada King", "Ada King"),
        ("Ada", "Ada"),
        ("Countess", ""),
    }


def test_texts_that_an_earlier_version_folded_are_found_and_sorted_as_new_ones(org: Org) -> None:
    org.add_contact("Zoe O\u2019Brien", phone="+1 (555) 010-0199")
    columns = ("display_sort", "first_sort", "last_sort", "email_sort", "search_text")
    now = list(Contact.objects.values(*columns))
    Contact.objects.update(display_sort="zoe o\u2019brien", search_text="zoe o\u2019brien +1 (555) 010-0199")
    folded_texts.fold(apps, EDITOR)
    assert list(Contact.objects.values(*columns)) == now
    assert org.api.get("/contacts/", search="o'brien 5550100199").json()["count"] == 1
