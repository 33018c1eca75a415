"""Pages for people who look around: what there is, the tour, and on a demo the mails that it wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from markdown_it import MarkdownIt

from example import environment
from example.mail import read

_README = Path(__file__).resolve().parent.parent.parent / "README.md"
_TOUR = re.compile(r"<!-- tour: begin -->(.*)<!-- tour: end -->", re.DOTALL)
_API_IN_README = "http://127.0.0.1:8000/api/v1"
_NEWEST = 200
# Pictures may come from an object store.
_APP_MAY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:; base-uri 'none'; frame-ancestors 'none'"
)


class WrittenMail(NamedTuple):
    """A mail in a file."""

    name: str
    subject: str
    to: str
    date: str
    text: str
    html: str


def start(request: HttpRequest) -> HttpResponse:
    """Show what there is to look at."""
    data = environment.data_dir()
    folder = environment.shown_mails(data)
    context = {
        "data": data if folder else None,
        "has_logins": folder is not None and (data / "logins.json").exists(),
        "mails": len(_files(folder)) if folder else None,
        "has_tour": _README.exists(),
    }
    return _page(request, "start", context)


def tour(request: HttpRequest) -> HttpResponse:
    """Show the tour of the README, with the address that the API has here."""
    found = _TOUR.search(_README.read_text()) if _README.exists() else None
    if found is None:
        raise Http404
    text = found[1].replace(_API_IN_README, environment.api_url())
    return _page(request, "tour", {"tour": MarkdownIt().render(text)})


def app(request: HttpRequest) -> HttpResponse:
    """Show a browser app that signs in with the cookie. All of its script is in a file of its own."""
    response = _page(request, "app", {})
    response["Content-Security-Policy"] = _APP_MAY
    return response


def mails(request: HttpRequest) -> HttpResponse:
    """List the mails that were written to files, newest first."""
    folder = _folder()
    return _page(request, "mails", {"folder": folder, "mails": [_read(file) for file in _files(folder)[:_NEWEST]]})


def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail."""
    for file in _files(_folder()):
        if file.name == name:
            return _page(request, "mail", {"mail": _read(file)})
    raise Http404


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, f"example/{name}.html", {"api": environment.api_url(), **context})
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"  # what follows a link out of a mail must not tell its address
    return response


def _folder() -> Path:
    """Return the folder of the mails. Raises Http404 where they are shown to nobody."""
    folder = environment.shown_mails(environment.data_dir())
    if folder is None:
        raise Http404
    return folder


def _files(folder: Path) -> list[Path]:
    """Return the files of the mails, newest first: their names begin with the time."""
    return sorted((file for file in folder.glob("*.eml") if not file.name.startswith(".")), reverse=True)


def _read(file: Path) -> WrittenMail:
    message = read(file.read_bytes())
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return WrittenMail(
        name=file.name,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        date=message["Date"].datetime.strftime("%Y-%m-%d %H:%M:%S UTC"),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )
