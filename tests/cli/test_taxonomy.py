"""`tagway taxonomy`: what it prints, lints, compares and declares."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tagway import Event, catalogue, registry
from tagway.cli.taxonomy import taxonomy
from tagway.config import Config
from tagway.config import load as config_of
from tagway.core.taxonomy.faults import command
from tagway.errors import ConfigError, TagwayError
from tagway.testing import InProcess

CONFIG = """\
# our store
[sources.web]
plugin = "segment"   # the site
write_keys = ["k"]

[sources.web.aliases]
artikel = "sku"  # the old theme
"""


def run(*args: str) -> Result:
    return CliRunner().invoke(taxonomy, list(args))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "tagway.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def test_the_catalogue_is_printed_one_event_a_line() -> None:
    lines = [json.loads(line) for line in run("--json").output.splitlines()]
    order = next(one for one in lines if one["name"] == "Order Completed")
    assert len(lines) == 28
    assert (order["schema"], order["truth"], order["hold"], order["planned"]) == (
        "order_completed/1-0-0", "server", 60, True,
    )  # fmt: skip


def test_the_plan_marks_what_the_store_means_to_send(tmp_path: Path) -> None:
    file = tmp_path / "tagway.toml"
    file.write_text('[taxonomy]\nplan = ["Quiz Completed"]\n')
    lines = [json.loads(line) for line in run("--json", "--config", str(file)).output.splitlines()]
    assert [one["name"] for one in lines if one["planned"]] == ["Quiz Completed"]


def test_the_tables_of_the_readme_are_printed() -> None:
    assert "| `property_missing` | error |" in run("--markdown").output


def test_check_is_content_with_the_bundled_schemas() -> None:
    checked = run("check")
    assert (checked.exit_code, checked.output) == (0, "28 schemas, 0 findings\n")


def test_check_fails_on_a_finding_in_the_store_s_own_schemas(tmp_path: Path) -> None:
    (tmp_path / "schemas" / "gift_wrapped").mkdir(parents=True)
    (tmp_path / "schemas" / "gift_wrapped" / "1-0-0.json").write_text(
        '{"x-event": "Gift Wrapped", "x-version": "1-0-0"}'
    )
    file = tmp_path / "tagway.toml"
    file.write_text('[taxonomy]\npath = "schemas"\n')
    checked = run("check", "--config", str(file))
    assert checked.exit_code == 1
    assert "gift_wrapped/1-0-0: has no title" in checked.output


def test_diff_of_a_file_with_the_catalogue_fails_when_it_breaks(tmp_path: Path) -> None:
    file = tmp_path / "next.json"
    file.write_text(json.dumps({
        "x-event": "Order Cancelled", "x-version": "2-0-0", "allOf": [{"$ref": "../order_cancelled/1-0-0.json"}],
        "properties": {"properties": {"required": ["reason"]}},
    }))  # fmt: skip
    compared = run("diff", "order_cancelled/1-0-0", str(file))
    assert compared.exit_code == 1
    assert compared.output == "breaking  Order Cancelled  properties.reason  is now required\n"


def test_diff_of_equal_schemas_says_nothing() -> None:
    compared = run("diff", "page/1-0-0", "page/1-0-0")
    assert (compared.exit_code, compared.output) == (0, "")


def test_diff_of_something_unknown_is_an_error() -> None:
    assert isinstance(run("diff", "page/1-0-0", "no/such").exception, ConfigError)


def test_explain_shows_one_event_to_the_reference_implementation(tmp_path: Path) -> None:
    with InProcess(tmp_path) as one:
        said = {"type": "track", "event": "Quiz Started", "messageId": "m", "properties": {"quiz_name": 5}}
        one.send("segment", json.dumps(said).encode(), path="/v1/track")
    ran = run("explain", "1", "--data", str(tmp_path))
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "/properties  required  'quiz_id' is a required property",
        "/properties/quiz_name  type  5 is not of type 'string'",
        "quiz_started/1-0-0: 2 faults",
    ]


def test_explain_of_an_event_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with InProcess(tmp_path):
        pass
    assert isinstance(run("explain", "7", "--data", str(tmp_path)).exception, TagwayError)


def test_alias_declares_a_property_and_keeps_the_comments(config: Path) -> None:
    assert run("alias", "web", "product_sku", "sku", "--config", str(config)).exit_code == 0
    assert config.read_text() == CONFIG + 'product_sku = "sku"\n'


def test_alias_edits_a_file_of_another_system(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    assert run("alias", "web", "product_sku", "sku", "--config", str(config)).exit_code == 0
    assert config.read_bytes().startswith(CONFIG.replace("\n", "\r\n").encode())
    assert config_of(config).sources["web"].aliases["product_sku"] == "sku"


def test_alias_declares_an_event_in_its_own_table(config: Path) -> None:
    assert run("alias", "web", "PDP seen", "Product Viewed", "--config", str(config)).exit_code == 0
    assert '[sources.web.events]\n"PDP seen" = "Product Viewed"\n' in config.read_text()


STRANGE = ["product sku", "-sku", "--product_sku", "prodüct_sku'; $(rm -rf) `x`", 'product"sku', "product\\sku", "#sku"]


@pytest.mark.parametrize("spelling", STRANGE)
def test_the_command_of_a_resolution_works_as_it_is_typed(config: Path, spelling: str) -> None:
    """What a violation prints is pasted into a shell, and the spelling is known from then on."""
    fix = command("web", spelling, "sku", "")
    words = shlex.split(fix.strip("`"))
    assert words[:3] == ["tagway", "taxonomy", "alias"]
    declared = run("alias", "--config", str(config), *words[3:])
    assert declared.exit_code == 0, declared.output
    settings = config_of(config)
    judged = catalogue.load(settings, registry.load(settings)).judge(
        Event(name="Product Viewed", properties={spelling: "RS-50"}), "web"
    )
    assert judged.event.properties == {"sku": "RS-50"}
    assert "property_spelling" not in [one.code for one in judged.violations]


@pytest.mark.parametrize("name", ["Order\nCompleted", "Order\u202eCompleted", "Order" + "-" * 80 + "Completed"])
def test_no_command_is_given_for_a_name_that_cannot_be_typed(name: str) -> None:
    settings = Config()
    taxonomy_of_all = catalogue.load(settings, registry.load(settings))
    violations = taxonomy_of_all.judge(Event(name=name), "web").violations
    (spelled,) = (one for one in violations if one.code == "event_spelling")
    assert spelled.resolution == "send `Order Completed`"


@pytest.mark.parametrize(
    ("source", "canonical", "message"),
    [("shop", "sku", r"there is no \[sources.shop\]"), ("web", "skuu", "'skuu' is a property of no event")],
)
def test_alias_leaves_the_file_alone_when_it_cannot_be_meant(
    config: Path, source: str, canonical: str, message: str
) -> None:
    ran = run("alias", source, "product_sku", canonical, "--config", str(config))
    assert isinstance(ran.exception, ConfigError)
    with pytest.raises(ConfigError, match=message):
        raise ran.exception
    assert config.read_text() == CONFIG
