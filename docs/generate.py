"""Write the pages of the reference that follow from the code: ``python docs/generate.py``.

Run it after a change of routes, settings or errors; a test compares the pages with what it would write.
"""

from __future__ import annotations

import ast
import os
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
METHODS = ("get", "post", "put", "patch", "delete")
NOTICE = "<!-- Written by docs/generate.py; change the code, not this page. -->"


def pages() -> dict[Path, str]:
    """Return each generated page with its text. Django has to be set up."""
    return {
        REFERENCE / "routes.md": routes_page(),
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "errors.md": errors_page(),
    }


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and OpenAPI operation of every route, in the order of the routers."""
    from ninja_orgkit.urls import api

    for path, operations in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method in METHODS:
            if method in operations:
                yield method.upper(), path, operations[method]


def routes_page() -> str:
    """Return the table of all routes."""
    groups: dict[str, list[str]] = {}
    for method, path, operation in routes():
        summary = (operation.get("description") or "").split("\n\n")[0].replace("\n", " ")
        token = "yes" if operation.get("security") else ""
        row = f"| {method} | `{path}` | `{operation['operationId']}` | {token} | {summary} |"
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(row)
    parts = [
        NOTICE,
        "# Routes",
        "As the ready-made API has them when it is mounted at `/api/v1/`. The operation id is stable. Routes with a token "
        "need `Authorization: Bearer <access token>`.",
    ]
    for name, rows in groups.items():
        head = "| method | path | operation id | token | what it does |\n|---|---|---|---|---|"
        parts += [f"## {name.capitalize()}", "\n".join([head, *rows])]
    return _page(parts)


def settings_page() -> str:
    """Return every setting with its type, default and docstring, as the source of ``conf.py`` has them."""
    source = (ROOT / "src" / "ninja_orgkit" / "conf.py").read_text()
    tree = ast.parse(source)
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    parts = [
        NOTICE,
        "# Settings",
        "Keys of the dict `NINJA_ORGKIT` in the settings of your project. A dict is merged with its default, key by key, and `None` "
        "removes a key.",
    ]
    for node, after in zip(body, body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr) and node.value is not None:
            assert isinstance(node.target, ast.Name)
            text = _plain(ast.literal_eval(after.value))
            default = textwrap.dedent(" " * node.value.col_offset + (ast.get_source_segment(source, node.value) or ""))
            kind = f"Type `{ast.unparse(node.annotation)}`."
            parts += [f"## `{node.target.id}`", text, f"{kind} Default:", f"```python\n{default}\n```"]
    constants = [
        textwrap.dedent(ast.get_source_segment(source, node) or "")
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("_")
    ]
    parts += ["## Names in the defaults", "The lists that the default of `ROLES` is made of:"]
    return _page([*parts, "```python\n{}\n```".format("\n".join(constants))])


def errors_page() -> str:
    """Return every error with its code, status and message."""
    rows: dict[int, set[tuple[str, str]]] = {}
    for error in errors():
        rows.setdefault(error.status, set()).add((error.code(), error.message()))
    parts = [
        NOTICE,
        "# Errors",
        "Every error has one of these codes. A text in `detail` may be more specific than the one here. Besides these there is "
        "`internal_error` with status 500, which means a defect and tells nothing.",
    ]
    for status, found in sorted(rows.items()):
        title = next(error.title for error in errors() if error.status == status)
        table = [f"| `{code}` | {message} |" for code, message in sorted(found)]
        parts += [f"## {status} {title}", "\n".join(["| code | message |", "|---|---|", *table])]
    return _page(parts)


def errors() -> list[type[Any]]:
    """Return every class of an error that the package has."""
    import ninja_orgkit
    from ninja_orgkit.errors import OrgKitError

    for module in pkgutil.walk_packages(ninja_orgkit.__path__, "ninja_orgkit."):
        if not {"admin", "migrations", "testing"} & set(module.name.split(".")):
            import_module(module.name)
    found, waiting = [], [OrgKitError]
    while waiting:
        subclasses = [kind for kind in waiting.pop().__subclasses__() if kind.__module__.startswith("ninja_orgkit.")]
        found += subclasses
        waiting += subclasses
    return sorted(found, key=lambda kind: (kind.status, kind.__name__))


def _plain(text: str) -> str:
    """Return a docstring as Markdown."""
    return " ".join(text.replace("``", "`").split())


def _page(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the pages."""
    sys.path[:0] = [str(ROOT / "docs" / "examples"), str(ROOT / "src")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "host.settings"
    import_module("django").setup()
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
