"""The snippets, in a real headless Chromium, against a running gateway: what a visit leaves behind."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tagway.cli import tagway

from tests.process.running import Running, running, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium here: apt-get install chromium"
)
CONFIG = """
[sources.web]
plugin = "segment"
write_keys = ["web-key"]
[sources.tags]
plugin = "gtm"
write_keys = ["tag-key"]
[sources.pixel]
plugin = "shopify_pixel"
write_keys = ["pixel-key"]
origins = ["null", "http://127.0.0.1:*"]
"""
# Two pages, as a shopper walks them: the second is reached before the first has sent everything.
HTML = (
    "tagway.track('Product Viewed', {sku: 'A'}); location.href = 'second.html';",
    "tagway.identify('u1', {email: 'ana@example.com'}); tagway.track('Added to Cart', {sku: 'A'});",
)
GTM = (
    "dataLayer.push({event: 'view_item', ecommerce: {items: [{item_id: 'A'}]}}); location.href = 'second.html';",
    "dataLayer.push({event: 'gtm.dom'}); dataLayer.push({event: 'add_to_cart', ecommerce: {items: [{item_id: 'A'}]}});",
)
# What Shopify's sandbox gives a pixel.
SANDBOX = """
const heard = [];
const analytics = {subscribe: (name, callback) => heard.push(callback)};
const init = {data: {customer: null, cart: {id: 'c1'}}};
const browser = {cookie: {get: async () => 'c1'}};
"""
VISIT = """
for (const [place, name] of ['page_viewed', 'product_viewed'].entries())
  heard[0]({id: 'sh-' + place, name, clientId: 'shopify-client', timestamp: new Date().toISOString(),
            context: {document: {location: {href: location.href}}}, data: {}});
"""

# A frame without an origin: cookies and storage throw.
FRAME = """
const frame = document.createElement("iframe");
frame.setAttribute("sandbox", "allow-scripts");
frame.src = "second.html";
document.body.append(frame);
"""
CIRCULAR = "const all = {sku: 'A', one: 1n}; all.all = all;"
UNWRITABLE_CALLS = (f"{CIRCULAR} tagway.track('Broken', all); tagway.track('Product Viewed', {{sku: 'A'}});",)
UNWRITABLE_PUSHES = (f"{CIRCULAR} dataLayer.push({{event: 'broken', all}}); dataLayer.push({{event: 'view_item'}});",)
BACKLOG = """
for (let n = 0; n < 60; n++) tagway.track("Listed", {n, text: "ä".repeat(2000)});
tagway.track("Last", {text: "ä".repeat(70000)});
"""


@contextlib.contextmanager
def pages(folder: Path) -> Iterator[str]:
    """A web server for a folder, on an origin of its own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def visiting(url: str, profile: Path) -> Iterator[None]:
    """Chromium on a page, until the block is left."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
        "--disable-background-networking", f"--user-data-dir={profile}", "--remote-debugging-port=0", url,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def snippet(name: str, one: Running, config: Path) -> str:
    result = CliRunner().invoke(tagway, ["snippet", name, "--config", str(config), "--url", one.url])
    assert result.exit_code == 0, result.output
    return result.output


def visit(tmp_path: Path, name: str, scripts: tuple[str, ...], names: set[str]) -> list[dict[str, Any]]:
    """Walk pages that carry a snippet; the events that came of it, without repetitions, once all names are there."""
    config = tmp_path / "tagway.toml"
    config.write_text(CONFIG)
    site = tmp_path / "site"
    site.mkdir()
    with running(tmp_path, "--config", str(config)) as one, pages(site) as url:
        code = snippet(name, one, config)
        for file, script in zip(("first.html", "second.html"), scripts, strict=False):
            page = (
                f"<script>{SANDBOX}{code}{script}</script>"
                if name == "shopify-pixel"
                else f"{code}<script>{script}</script>"
            )
            (site / file).write_text(f"<!doctype html><title>{file}</title><body>{page}")

        def arrived() -> list[dict[str, Any]]:
            events = [
                event
                for event in one.get("/inspect/events?limit=100").get("events", [])
                if event["status"] != "duplicate"
            ]
            return events if names <= {event["name"] for event in events} else []

        with visiting(f"{url}/first.html", tmp_path / "profile"):
            return until(arrived, 40)


@pytest.mark.parametrize(
    ("name", "scripts", "names"),
    [
        ("html", HTML, {"page", "Product Viewed", "identify", "Added to Cart"}),
        ("gtm", GTM, {"Product Viewed", "Added to Cart"}),
    ],
)
def test_events_survive_navigation_and_carry_one_anonymous_id(
    tmp_path: Path, name: str, scripts: tuple[str, ...], names: set[str]
) -> None:
    events = visit(tmp_path, name, scripts, names)
    ids = {event["anonymous_id"] for event in events}
    assert len(ids) == 1
    assert None not in ids
    assert len({event["message_id"] for event in events}) == len(events)
    assert len({event["profile_id"] for event in events}) == 1
    assert [event["violations"] for event in events if event["name"] == "page" and event["status"] != "accepted"] == []


def test_a_shopify_pixel_forwards_the_customer_events(tmp_path: Path) -> None:
    events = visit(tmp_path, "shopify-pixel", (VISIT,), {"page", "Product Viewed"})
    assert {event["message_id"] for event in events} == {"sh-0", "sh-1"}
    assert {event["source"] for event in events} == {"pixel"}


def test_a_frame_that_may_keep_nothing_still_sends_under_one_id(tmp_path: Path) -> None:
    events = visit(tmp_path, "html", (FRAME, "tagway.track('Product Viewed', {sku: 'A'});"), {"page", "Product Viewed"})
    framed = {event["anonymous_id"] for event in events if event["properties"].get("sku")}
    assert len(framed) == 1
    assert framed < {event["anonymous_id"] for event in events}


@pytest.mark.parametrize(("name", "scripts"), [("html", UNWRITABLE_CALLS), ("gtm", UNWRITABLE_PUSHES)])
def test_what_cannot_be_written_breaks_neither_the_page_nor_what_follows(
    tmp_path: Path, name: str, scripts: tuple[str, ...]
) -> None:
    events = visit(tmp_path, name, scripts, {"Product Viewed"})
    assert {event["name"] for event in events} - {"page"} == {"Product Viewed"}


def test_a_backlog_larger_than_a_browser_sends_at_once_arrives_whole(tmp_path: Path) -> None:
    events = visit(tmp_path, "html", (BACKLOG,), {"page", "Last"})
    assert [event["properties"]["n"] for event in events if event["name"] == "Listed"] == list(range(60))
