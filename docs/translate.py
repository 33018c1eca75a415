"""Collect the texts that can be translated, and compile the catalogues: ``python docs/translate.py``.

Run it after a change of a text. It adds new texts to each catalogue, without a translation, and drops those that are
gone. Fill in the translations, and run it again. A test fails if one is missing.
"""

from __future__ import annotations

import ast
import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template import Engine
from django.template.base import Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ninja_orgkit"
LANGUAGES = ("de", "es", "fr", "it")

Text = str | tuple[str, str]
"""A text, or singular and plural."""

# Functions that take a text, and which argument it is.
_MARKED = {"gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "field_error": 1, "PydanticCustomError": 1}
_HEADER = "# Translations of ninja-orgkit. Written by docs/translate.py, which keeps the translations."
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a date that changes would be a conflict between any two branches


def texts() -> dict[Text, set[str]]:
    """Return every text that can be translated, with the files that it comes from. Django has to be set up."""
    found: dict[Text, set[str]] = {}
    for text, place in [*_texts_of_errors(), *_texts_of_modules(), *_texts_of_templates()]:
        found.setdefault(text, set()).add(place)
    return found


def _texts_of_errors() -> Iterator[tuple[Text, str]]:
    """Yield title and message of each error."""
    for error in import_module("docs.generate").errors():
        place = f"{error.__module__.replace('.', '/').removeprefix('ninja_orgkit/')}.py"
        yield error.title, place
        yield error.message(), place


def _texts_of_modules() -> Iterator[tuple[Text, str]]:
    """Yield the literals that functions of translation and validation get."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKED:
                text = node.args[_MARKED[node.func.id]]
                if isinstance(text, ast.Constant):
                    yield str(text.value), place
                elif isinstance(text, ast.JoinedStr):
                    raise SystemExit(f"{place}:{node.lineno}: a text with values in it cannot be translated.")


def _texts_of_templates() -> Iterator[tuple[Text, str]]:
    """Yield the texts of the templates of mails and of the page in an archive."""
    engine = Engine(libraries={"i18n": "django.templatetags.i18n"})
    for path in sorted((PACKAGE / "templates").rglob("*.*")):
        place = str(path.relative_to(PACKAGE))
        template = engine.from_string(path.read_text())
        for node in template.nodelist.get_nodes_by_type(Node):
            if isinstance(node, TranslateNode) and isinstance(node.filter_expression.var.literal, str):
                yield node.filter_expression.var.literal, place
            elif isinstance(node, BlockTranslateNode):
                singular, _ = node.render_token_list(node.singular)
                plural, _ = node.render_token_list(node.plural) if node.plural else ("", ())
                yield (singular, plural) if plural else singular, place


def catalogue_path(language: str) -> Path:
    """Return the catalogue of a language, as people edit it."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"


def read_catalogue(language: str) -> Catalog:
    """Return the catalogue of a language, an empty one if there is none."""
    path = catalogue_path(language)
    return read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(language)


def updated(language: str, found: dict[Text, set[str]]) -> Catalog:
    """Return the catalogue of a language with exactly the texts in ``found``, and the translations that it has."""
    known = read_catalogue(language)
    catalog = Catalog(
        language,
        project="ninja-orgkit",
        header_comment=_HEADER,
        creation_date=_EPOCH,
        revision_date=_EPOCH,
        fuzzy=False,
    )
    for text, places in sorted(found.items(), key=lambda item: str(item[0])):
        before = known.get(text[0] if isinstance(text, tuple) else text)
        catalog.add(text, before.string if before else "", locations=[(place, 1) for place in sorted(places)])
    return catalog


def written(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return a catalogue as people edit it, and as Django reads it."""
    source, compiled = io.BytesIO(), io.BytesIO()
    write_po(source, catalog, width=120, include_lineno=False)
    write_mo(compiled, catalog)
    return source.getvalue(), compiled.getvalue()


def untranslated(catalog: Catalog) -> list[Text]:
    """Return the texts that have no translation, or one that somebody has to look at."""
    found = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            found.append(message.id)
    return found


def main() -> None:
    """Write the catalogues, and say what is missing."""
    sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "examples")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "host.settings"
    import_module("django").setup()
    found = texts()
    for language in LANGUAGES:
        catalog = updated(language, found)
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        source, compiled = written(catalog)
        path.write_bytes(source)
        path.with_suffix(".mo").write_bytes(compiled)
        sys.stdout.write(f"{language}: {len(found)} texts, {len(untranslated(catalog))} without a translation\n")


if __name__ == "__main__":
    main()
