"""`tagway send`: sign a body and send it to a gateway, exactly as the vendor would."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tagway import clock, registry
from tagway.cli.options import as_json, examples, load, located, named, print_json, read_headers, with_topic
from tagway.config import Config
from tagway.core.events import Request
from tagway.core.safe import visible
from tagway.errors import TagwayError
from tagway.hookspecs import Source
from tagway.registry import ConfiguredSource

_WAIT = 10


@click.command(
    epilog=examples(
        "tagway send order.json --source shopify --topic orders/create",
        "tagway send track.json --source web --path /v1/track --json",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@located
@as_json
@click.option("--source", required=True, metavar="NAME", help="The source, as the configuration names it.")
@click.option("--url", metavar="URL", help="The gateway (default: the one that runs on the data folder).")
@click.option("--path", metavar="PATH", help="The path (default: the source's first).")
@click.option(
    "--topic", metavar="TOPIC", help="The webhook's topic, in the header or parameter that the vendor has for it."
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    callback=read_headers,
    metavar="K=V",
    help="A further header; may be repeated.",
)
def send(
    file: Path,
    config_file: str | None,
    data: str | None,
    as_json: bool,
    source: str,
    url: str | None,
    path: str | None,
    topic: str | None,
    headers: dict[str, str],
) -> None:
    """Send FILE as a request of a source, signed with its first secret, and print what became of it."""
    import httpx2

    config = load(config_file, data, with_secrets=True)
    bound = registry.load(config).sources.get(source)
    if bound is None:
        raise TagwayError(f"no source {source!r} is configured; `tagway sources` lists them")
    request = _request(bound, file.read_bytes(), path, topic, headers)
    target = (url or _running(config)).rstrip("/") + request.path + (f"?{request.query}" if request.query else "")
    try:
        answer = httpx2.post(
            target, content=request.body, headers={**request.headers, **_waiting(config)}, timeout=_WAIT + 10
        )
        told = answer.json()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise TagwayError(f"{target} does not answer ({error}); does a gateway run there?") from None
    except ValueError:
        raise TagwayError(
            f"{target} answers {answer.status_code}, but not as a gateway does; name one with --url"
        ) from None
    _print(answer.status_code, told, as_json)
    sys.exit(0 if answer.status_code == 200 else 1)


def _request(
    bound: ConfiguredSource, body: bytes, path: str | None, topic: str | None, further: dict[str, str]
) -> Request:
    """The request as the vendor would send it: topic, then signature over what is sent."""
    source, config = bound.source, bound.config
    headers, query = {"content-type": _content_type(source, body), **further}, ""
    if topic is not None:
        headers, query = with_topic(source, topic, headers, query)
    now = clock.now()
    where = (path or source.routes[0].path).replace("{source}", bound.name)
    request = Request(
        source=bound.name, path=where, query=query, headers=headers, body=body, received_at=now, options=config.options
    )
    if config.secrets:
        signed = source.sign(request, config.secrets[0], now)
        headers.update({name.lower(): value for name, value in signed.items()})
    if config.write_keys:
        headers["x-write-key"] = config.write_keys[0]
    if config.path_token:
        where += f"/{config.path_token}"
    return Request(source=bound.name, path=where, query=query, headers=headers, body=body, received_at=now)


def _content_type(source: Source, body: bytes) -> str:
    """What the vendor would call the body: a source that takes forms gets one, unless the body is JSON."""
    if not source.forms or body.lstrip()[:1] in (b"{", b"["):
        return "application/json"
    if body.startswith(b"--"):
        return "multipart/form-data; boundary=" + body[2:].split(b"\n", 1)[0].strip().decode("latin-1")
    return "application/x-www-form-urlencoded"


def _running(config: Config) -> str:
    from tagway.process.folder import is_running, running

    if not is_running(config.data):
        raise TagwayError(f"no gateway runs on {config.data}; start one with `tagway up`, or name one with --url")
    return str(running(config.data).get("url", ""))


def _waiting(config: Config) -> dict[str, str]:
    """Ask for the verdict: the command line reads the token from the folder."""
    from tagway.process.folder import inspect_token

    return {"prefer": f"wait={_WAIT}", "x-tagway-token": inspect_token(config.data, config.gateway.inspect_token)}


def _print(status: int, answer: Any, as_json: bool) -> None:
    if as_json:
        print_json({"status": status, **answer})
    elif status != 200:
        click.echo(visible(f"{status} {answer.get('code')}: {answer.get('message')}"))
    elif answer.get("outcomes") is None:
        click.echo("200: taken; the engine has not folded it yet")
    else:
        for one in answer["outcomes"]:
            click.echo(f"200: {one['status']}  {named(one)}  {one['event_id']}")
            for violation in one["violations"]:
                click.echo(visible(f"     {violation['code']} {violation['pointer']}: {violation['resolution']}"))
