"""Write what follows from the code into the documentation: ``python docs/generate.py``.

That is the reference, and the files that other pages show. Run it after a change of routes, settings, errors or
examples; a test compares the pages with what it would write.
"""

from __future__ import annotations

import ast
import itertools
import os
import pkgutil
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import ninja_orgkit
from ninja_orgkit.errors import OrgKitError

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
FILE = re.compile(r"^<!-- file: (\S+) -->\n```python\n.*?^```$", re.MULTILINE | re.DOTALL)
METHODS = ("get", "post", "put", "patch", "delete")
NOTICE = "<!-- Written by docs/generate.py; change the code, not this page. -->"

ROUTES_INTRO = """\
All routes of the ready-made API, mounted at `/api/v1/`. Operation ids are stable. Routes with "yes" under *token* need
`Authorization: Bearer <access token>`."""
SETTINGS_INTRO = """\
The keys of the dict `NINJA_ORGKIT` in the settings of your project. If a setting is a dict, yours is merged with the
default, key by key; `None` removes a key."""
ERRORS_INTRO = """\
Every error has one of these codes. The text in `detail` may be more specific than the message here. One more code is
`internal_error` with status 500: a defect in the code, about which the answer reveals nothing."""
CHECKS_INTRO = """\
`python manage.py check --database default` reports faults in your setup; `--deploy` adds those that matter in
production. Every fault has an id of its own. To silence one, add its id to `SILENCED_SYSTEM_CHECKS`. `…` stands for a
name or a value."""


AUDIT_INTRO = """\
The actions of the {doc}`audit trail <../guides/audit>`. A signal in the last column is sent with the event, after the
commit. Events of content are only recorded with `AUDIT_CONTENT`."""


def pages() -> dict[Path, str]:
    """Return each generated page with its text. Django has to be set up."""
    return {
        REFERENCE / "routes.md": routes_page(),
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "errors.md": errors_page(),
        REFERENCE / "checks.md": checks_page(),
        REFERENCE / "audit.md": audit_page(),
        REFERENCE / "surface.txt": surface(),
        **pages_with_files(),
    }


def pages_with_files() -> dict[Path, str]:
    """Return each written page that shows whole files, with these as they are now.

    The code stands in the page itself, where a forge shows it, below a comment that names the file.
    """
    texts = {path: path.read_text() for path in sorted((ROOT / "docs").glob("**/*.md")) if "_build" not in path.parts}
    return {path: FILE.sub(_with_file, text) for path, text in texts.items() if FILE.search(text)}


def _with_file(found: re.Match[str]) -> str:
    return f"<!-- file: {found[1]} -->\n```python\n{(ROOT / found[1]).read_text()}```"


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and OpenAPI operation of every route, in the order of the routers."""
    api = import_module("ninja_orgkit.urls").api  # settings have to be there first
    for path, operations in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method in METHODS:
            if method in operations:
                yield method.upper(), path, operations[method]


def routes_page() -> str:
    """Return the table of all routes."""
    groups: dict[str, list[str]] = {}
    for method, path, operation in routes():
        summary = _plain((operation.get("description") or "").split("\n\n")[0])
        token = "yes" if operation.get("security") else ""
        row = f"| {method} | `{path}` | `{operation['operationId']}` | {token} | {summary} |"
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(row)
    parts = [
        NOTICE,
        "# Routes",
        ROUTES_INTRO,
    ]
    for name, rows in groups.items():
        head = "| method | path | operation id | token | what it does |\n|---|---|---|---|---|"
        parts += [f"## {name.capitalize()}", "\n".join([head, *rows])]
    return _page(parts)


def surface() -> str:
    """Return the surface of the API, a line for each route, to see in a diff what a change does to clients.

    Method, path, operation id, body, and the statuses of its answers, those of successes with what they hold.
    """
    lines = []
    for method, path, operation in routes():
        body: Any = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {})
        answers = [
            f"{status} {_shape(next(iter(answer.get('content', {}).values()), {}))}".strip()
            if int(status) < 400
            else str(status)
            for status, answer in operation["responses"].items()
        ]
        taken = f"({_shape(body)})" if body else "()"
        lines.append(f"{method} {path}\n    {operation['operationId']}{taken} -> {', '.join(answers)}")
    return "\n".join(lines) + "\n"


def _shape(media: dict[str, Any]) -> str:
    """Return the name of a schema, a list in brackets."""
    schema = media.get("schema", {})
    if "anyOf" in schema:
        return " | ".join(_shape({"schema": option}) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_shape({'schema': schema['items']})}]"
    name: str = schema.get("$ref", "").rpartition("/")[2] or schema.get("title") or schema.get("type", "")
    return name


def settings_page() -> str:
    """Return every setting with its type, default and docstring, as the source of ``conf.py`` has them."""
    source = (ROOT / "src" / "ninja_orgkit" / "conf.py").read_text()
    tree = ast.parse(source)
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    parts = [
        NOTICE,
        "# Settings",
        SETTINGS_INTRO,
    ]
    for node, after in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr) and node.value is not None:
            text = _plain(ast.literal_eval(after.value))
            default = _segment(source, node.value)
            kind = f"Type `{ast.unparse(node.annotation)}`."
            parts += [
                f"## `{ast.unparse(node.target)}`",
                text,
                f"{kind} Default:",
                f"```{{code-block}} python\n{default}\n```",
            ]
    constants = [
        _segment(source, node)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("_")
    ]
    parts += ["## Names in the defaults", "The default of `ROLES` consists of these lists:"]
    return _page([*parts, "```python\n{}\n```".format("\n".join(constants))])


def errors_page() -> str:
    """Return every error with its code, status and message."""
    rows: dict[int, dict[str, list[str]]] = {}
    for error in errors():
        messages = rows.setdefault(error.status, {}).setdefault(error.code, [])
        messages += [error.message()] if error.message() not in messages else []
    parts = [
        NOTICE,
        "# Errors",
        ERRORS_INTRO,
    ]
    for status, found in sorted(rows.items()):
        title = next(error.title for error in errors() if error.status == status)
        table = [f"| `{code}` | {' Or: '.join(messages)} |" for code, messages in sorted(found.items())]
        parts += [f"## {status} {title}", "\n".join(["| code | message |", "|---|---|", *table])]
    return _page(parts)


def checks_page() -> str:
    """Return every system check with its text and hint, as the source has them."""
    package = ROOT / "src" / "ninja_orgkit"
    sources = (*package.glob("checks/*.py"), *package.glob("**/checks.py"))
    rows = {row for path in sources for row in _messages(path)}
    table = [f"| `{name}` | {level} | {text} | {hint} |" for name, level, text, hint in sorted(rows)]
    parts = [
        NOTICE,
        "# System checks",
        CHECKS_INTRO,
        "\n".join(["| id | level | text | hint |", "|---|---|---|---|", *table]),
    ]
    return _page(parts)


def audit_page() -> str:
    """Return every action of the catalogue, by where its events are."""
    actions = import_module("ninja_orgkit.audit.actions")
    names = {id(value): name for name, value in vars(import_module("ninja_orgkit.signals")).items()}
    groups: dict[str, list[str]] = {}
    for action in actions.ACTIONS.values():
        title = "Content of an organization" if action.is_content else f"Events of an {action.scope}"
        signal = f"`{names[id(action.signal)]}`" if action.signal else ""
        groups.setdefault(title, []).append(f"| `{action.name}` | {action.sentence} | {signal} |")
    parts = [NOTICE, "# Actions of the audit trail", AUDIT_INTRO]
    for title in sorted(groups, reverse=True):
        parts += [f"## {title}", "\n".join(["| action | what happened | signal |", "|---|---|---|", *groups[title]])]
    return _page(parts)


def _messages(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield id, level, text and hint of each message that the functions of a module make."""
    for function in ast.parse(path.read_text()).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        texts: dict[str, str] = {}
        for node in sorted(ast.walk(function), key=lambda node: getattr(node, "lineno", 0)):
            if isinstance(node, ast.Assign):
                texts[ast.unparse(node.targets[0])] = _text(node.value)
            elif isinstance(node, ast.Call) and "id" in {keyword.arg for keyword in node.keywords}:
                said = {str(keyword.arg): keyword.value for keyword in node.keywords} | {"text": node.args[0]}
                text, hint = (texts.get(ast.unparse(said[name]), _text(said[name])) for name in ("text", "hint"))
                yield _text(said["id"]), ast.unparse(node.func).lower(), text, hint


def _text(node: ast.expr) -> str:
    """Return a string of the source; what is only known at run time is an ellipsis."""
    if isinstance(node, ast.IfExp):
        return _text(node.body)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return "…"


def errors() -> list[type[Any]]:
    """Return every class of an error that the package has."""
    for module in pkgutil.walk_packages(ninja_orgkit.__path__, "ninja_orgkit."):
        if not {"admin", "contrib", "migrations"} & set(module.name.split(".")):
            import_module(module.name)
    found: list[type[Any]] = []
    waiting: list[type[Any]] = [OrgKitError]
    while waiting:
        subclasses = [kind for kind in waiting.pop().__subclasses__() if kind.__module__.startswith("ninja_orgkit.")]
        found += subclasses
        waiting += subclasses
    # What is nearer to the family comes first, so that its text does where two have one code.
    return sorted(found, key=lambda kind: (kind.status, len(kind.__mro__), kind.__name__))


def _segment(source: str, node: ast.AST) -> str:
    """Return the source of a node, without the indentation of where it stands."""
    first, _, rest = (ast.get_source_segment(source, node) or "").partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}" if rest else first


def _plain(text: str) -> str:
    """Return a docstring as Markdown."""
    return " ".join(text.replace("``", "`").split())


def _page(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the pages."""
    sys.path[:0] = [str(ROOT / "docs" / "examples")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "host.settings"
    import_module("django").setup()
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
