"""The name of a device for people, from a header in which anything can stand."""

from __future__ import annotations

import time

import pytest
from django.test import RequestFactory

from ninja_orgkit.protocol.clients import client_device, device_name


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML) Chrome/128.0.0.0 Mobile Safari/537.36",
            "Chrome Mobile on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
            "Safari on Mac OS X",
        ),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.27", "python-httpx"),
        ("Acme/3.1 (X11; Linux x86_64)", "Acme on Linux"),
        ("", ""),
        ("(((", ""),
        ("\u0141\u00f3d\u017a/1.0", ""),
    ],
)
def test_a_device_is_named_by_its_browser_and_its_system(agent: str, name: str) -> None:
    assert device_name(agent) == name


@pytest.mark.parametrize("agent", ["evil.example/click-here", "Click https://evil.example", "<b>x</b>"])
def test_a_name_contains_no_address_and_no_markup(agent: str) -> None:
    assert not set("./<> ") & set(device_name(agent))


@pytest.mark.parametrize("agent", ["x" * 9000, "a;" * 4000, "(" * 9000, " " * 9000, "Linux " * 2000, "1." * 5000])
def test_a_long_header_is_cut_and_read_quickly(agent: str) -> None:
    device_name("warm")
    request = RequestFactory().get("/", headers={"User-Agent": agent})
    began = time.process_time()
    assert len(client_device(request)) <= 100
    assert time.process_time() - began < 0.5
