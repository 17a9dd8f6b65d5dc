"""`tagway bench`: measure this machine, as ratios to a floor in the same minutes."""

from __future__ import annotations

import click

from tagway.cli.options import as_json, print_json


@click.command()
@click.option("--quick", is_flag=True, help="A fraction of the work: less exact.")
@as_json
def bench(quick: bool, as_json: bool) -> None:
    """Measure what an event costs here: ingest beside a floor, the engine alone, sent to readable."""
    from tagway.bench import rounds

    figures = rounds.run(rounds.QUICK if quick else rounds.FULL)
    figures = {name: round(value, 3) for name, value in figures.items()}
    machine = rounds.machine()
    if as_json:
        print_json({"machine": machine, "figures": figures})
        return
    click.echo(", ".join(f"{name} {value}" for name, value in machine.items()))
    for name, value in figures.items():
        click.echo(f"{name:<24} {value:>12,.3f}  {rounds.FIGURES[name]}")
