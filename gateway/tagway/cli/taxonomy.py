"""`tagway taxonomy`: the event catalogue, its lint, what a new version breaks, and a source's own spellings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import tomlkit
from tomlkit.items import Table

from tagway import catalogue, config, registry
from tagway.cli.options import as_json, examples, load, located, print_json
from tagway.config import DEFAULT_FILE, Config
from tagway.core.safe import visible
from tagway.core.taxonomy import Catalogue, Schema, Taxonomy, describe, lint, versions
from tagway.core.taxonomy.explain import Explainer
from tagway.core.taxonomy.schema import Document
from tagway.core.wording import counted
from tagway.errors import ConfigError, TagwayError
from tagway.store.feed import Feed

_INSTANCE = ("type", "properties", "traits", "anonymous_id", "user_id")


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "tagway taxonomy --json",
        "tagway taxonomy diff order_completed/1-0-0 ./schemas/order_completed/2-0-0.json",
        "tagway taxonomy explain 1042",
        "tagway taxonomy alias web productSku sku",
    ),
)
@located
@as_json
@click.option("--markdown", is_flag=True, help="Print the tables of schemas/README.md.")
@click.pass_context
def taxonomy(ctx: click.Context, config_file: str | None, data: str | None, as_json: bool, markdown: bool) -> None:
    """Print the event catalogue: a table, one event a line with --json, or Markdown."""
    if ctx.invoked_subcommand is not None:
        return
    found = _taxonomy(load(config_file, data))
    if markdown:
        click.echo(describe.markdown(found.catalogue), nl=False)
        return
    for schema in found.catalogue.newest.values():
        one = describe.described(schema, found.catalogue, found.settings.plan)
        if as_json:
            print_json(one)
        else:
            mark = "planned" if one["planned"] else ""
            click.echo(f"{one['name']:<24} {one['schema']:<32} {mark:<8} {' '.join(one['required'])}")


@taxonomy.command(short_help="Lint the catalogue.")
@located
@as_json
def check(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Lint the catalogue: contradictions, missing descriptions, colliding names; exit 1 with findings."""
    found = _taxonomy(load(config_file, data)).catalogue
    findings = lint.findings(found)
    for finding in findings:
        if as_json:
            print_json({"finding": finding})
        else:
            click.echo(finding)
    if not as_json:
        click.echo(f"{counted(len(found.schemas), 'schema')}, {counted(len(findings), 'finding')}")
    sys.exit(1 if findings else 0)


@taxonomy.command(short_help="Say what changed from A to B, and what of it breaks.")
@located
@as_json
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
def diff(config_file: str | None, data: str | None, as_json: bool, old: str, new: str) -> None:
    """Say what changed from A to B, and what of it breaks; exit 1 when anything does.

    A and B are schemas of the catalogue (order_completed/1-0-0), files, or folders of schemas.
    """
    known = _taxonomy(load(config_file, data)).catalogue
    before, after = _schemas(old, known), _schemas(new, known)
    broken = False
    for name in dict.fromkeys((*before, *after)):
        for change in _changes(before.get(name), after.get(name)):
            broken = broken or change.breaking
            _print_change(name, change, as_json)
    sys.exit(1 if broken else 0)


@taxonomy.command(short_help="Hold one recorded event against its schema.")
@located
@as_json
@click.argument("seq", type=int)
def explain(config_file: str | None, data: str | None, as_json: bool, seq: int) -> None:
    """Hold one recorded event against its schema by the reference implementation; exit 1 when it is faulty.

    SEQ is the event's number in `tagway events`. The fault to look at first comes first.
    """
    settings = load(config_file, data)
    with Feed(settings.data) as feed:
        event = feed.event(seq)
    schema = _taxonomy(settings).catalogue.schemas.get(event["schema"]) if event else None
    if event is None or schema is None:
        raise TagwayError(f"there is no event {seq}" if event is None else f"event {seq} is in no schema")
    explainer = Explainer(schema.document, _taxonomy(settings).catalogue.documents)
    instance = {key: event[key] for key in _INSTANCE if event[key]} | {"event": event["name"]}
    best = explainer.best(instance)
    faults = [best, *(one for one in explainer.faults(instance) if one != best)] if best else []
    for fault in faults:
        if as_json:
            print_json(fault._asdict())
        else:
            click.echo(f"{visible(fault.pointer or '/')}  {fault.keyword}  {visible(fault.message)}")
    if not as_json:
        click.echo(f"{schema.id}: {counted(len(faults), 'fault')}")
    sys.exit(1 if faults else 0)


@taxonomy.command(short_help="Declare another spelling of a property or an event.")
@located
@click.argument("source")
@click.argument("spelling")
@click.argument("canonical")
def alias(config_file: str | None, data: str | None, source: str, spelling: str, canonical: str) -> None:
    """Declare that SOURCE sends SPELLING for CANONICAL, a property or an event; tagway.toml keeps its comments."""
    settings = load(config_file, data)
    if settings.open:
        raise ConfigError(f"there is no {DEFAULT_FILE} to write to; `tagway init` makes one")
    if source not in settings.sources:
        raise ConfigError(f"{settings.file}: there is no [sources.{source}]; there are {', '.join(settings.sources)}")
    table = "events" if canonical in _taxonomy(settings).catalogue.newest else "aliases"
    file = Path(settings.file)
    before = file.read_bytes()
    try:
        _declare(file, source, table, spelling, canonical)
        _taxonomy(config.load(file))
    except BaseException:
        file.write_bytes(before)
        raise
    click.echo(f'{file}: [sources.{source}.{table}] {spelling} = "{canonical}"; it holds from the next start on')


def _taxonomy(settings: Config) -> Taxonomy:
    return catalogue.load(settings, registry.load(settings))


def _declare(file: Path, source: str, table: str, spelling: str, canonical: str) -> None:
    # As bytes, so that the file keeps its line ends.
    document = tomlkit.parse(file.read_bytes().decode("utf-8-sig"))
    of_source: Any = document["sources"][source]
    if table not in of_source:
        of_source[table] = tomlkit.table() if isinstance(of_source, Table) else tomlkit.inline_table()
    of_source[table][spelling] = canonical
    file.write_bytes(tomlkit.dumps(document).encode())


def _schemas(said: str, known: Catalogue) -> dict[str, Schema]:
    """The schemas that an argument of `diff` names, by event."""
    if (one := known.schemas.get(said)) is not None:
        return {one.name: one}
    path = Path(said)
    documents: list[Document]
    if path.is_dir():
        documents = catalogue.folder(path)
    elif path.is_file():
        documents = [catalogue.document(path.read_bytes(), said)]
    else:
        raise ConfigError(f"{said}: no schema of the catalogue, no file and no folder; `tagway taxonomy` lists them")
    here = Catalogue.of([*known.documents.values(), *documents], known.spellings)
    ids = {f"{schema.key}/{document.get('x-version')}" for document in documents if (schema := _of(document, here))}
    return {schema.name: schema for schema in here.schemas.values() if schema.id in ids}


def _of(document: Document, here: Catalogue) -> Schema | None:
    return here.newest.get(str(document.get("x-event")))


def _changes(old: Schema | None, new: Schema | None) -> list[versions.Change]:
    if old is None:
        return [versions.Change("", breaking=False, reason="is a new event")]
    if new is None:
        return [versions.Change("", breaking=True, reason="is no longer planned")]
    return versions.changes(old, new)


def _print_change(name: str, change: versions.Change, as_json: bool) -> None:
    if as_json:
        print_json({"event": name, **change._asdict()})
    else:
        word = "breaking" if change.breaking else "fine"
        click.echo(f"{word:<9} {name}  {change.path or 'the event'}  {change.reason}")
