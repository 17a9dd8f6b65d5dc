"""`tagway.toml`: every fault names the file and the key; the environment fills in what is secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from tagway import config
from tagway.errors import ConfigError


def loaded(folder: Path, text: str, **environ: str) -> config.Config:
    file = folder / "tagway.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file, environ)


def test_without_a_file_everything_is_open_on_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = config.load()

    assert found.open
    assert found.gateway.host in config.LOOPBACK


def test_the_working_directorys_file_is_read_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tagway.toml").write_text("[gateway]\nport = 1234\n")

    assert config.load().gateway.port == 1234


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        config.load(tmp_path / "none.toml")


def test_a_full_file_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
        [gateway]
        port = 9000
        inspect_token = "env:TOKEN"
        [sources.web]
        plugin = "segment"
        write_keys = ["k1", "k2"]
        [sources.shopify]
        plugin = "shopify"
        secrets = ["env:OLD", "env:NEW"]
        mode = "enforce"
        """,
        TOKEN="t",
        OLD="a",
        NEW="b",
    )

    assert found.sources["web"].write_keys == ("k1", "k2")
    assert found.sources["shopify"].secrets == ("a", "b")
    assert (found.sources["shopify"].mode, found.gateway.inspect_token, found.gateway.port) == ("enforce", "t", 9000)
    assert not found.open


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[gateway]\nprot = 1", r"`gateway`: unknown key `prot`; did you mean `port`\?"),
        ("[gatway]", r"unknown key `gatway`; did you mean `gateway`\?"),
        ("file = 'x'", r"unknown key `file`"),
        ("[gateway]\nport = 'x'", r"`gateway.port`: expected a whole number, got text"),
        (
            "[sources.web]\nplugin = 'segment'\nwrite_key = ['x']",
            r"`sources.web`: unknown key `write_key`; did you mean `write",
        ),
        ("[sources.web]\nwrite_keys = ['x']", r"`sources.web`: `plugin` is missing"),
        (
            "[sources.web]\nplugin = 'segment'\nmode = 'enforced'",
            r"`sources.web.mode`: expected one of observe, enforce, got 'enforced'",
        ),
        ("[sources.'My Shop']\nplugin = 'segment'", r"\[sources.My Shop\]: a source's name is"),
        ("[sources.web]\nplugin = 'segment'\nsecrets = ['env:NONE']", r"`sources.web.secrets\[0\]` wants .* NONE"),
        ("[sources.a]\nplugin = 'gtm'\n[sources.b]\nwrite_keys = 'x'", r"`sources.b.write_keys`: expected a list"),
        ("[gateway]\nport = 70000", r"`gateway.port`: expected a whole number <= 65535"),
        ("[limits]\nbody = 0", r"`limits.body`: expected a whole number >= 1"),
        ("[limits]\nbody_seconds = -1.0", r"`limits.body_seconds`: expected a number > 0"),
        ("[identity]\nregion = 'Germany'", r"`identity.region` is 'Germany'; write two letters: `US`"),
        ("[identity]\nweak_key_days = 100_000_000_000", r"`identity.weak_key_days`: expected a whole number <= 36500"),
        ("[identity]\nrefold_limit = -1", r"`identity.refold_limit`: expected a whole number >= 1"),
        ("[limits]\nqueue = 99999999999999999999", r"`limits.queue`: expected a whole number <= "),
        ("[limits]\nbody_seconds = inf", r"`limits.body_seconds`: expected a number <= 86400"),
        ("[limits]\nfold_seconds = nan", r"`limits.fold_seconds`: expected a number > 0"),
        ("[taxonomy]\nhold = {a = 1, b = 'x'}", r"`taxonomy.hold.b`: expected a number, got text"),
        ("[taxonomy]\nhold = {a = -1}", r"`taxonomy.hold.a`: expected a number >= 0"),
        ("[taxonomy]\nunplanned_events = 'no'", r"`taxonomy.unplanned_events`: expected one of error, warn, info, got"),
        ("[taxonomy]\nplam = []", r"`taxonomy`: unknown key `plam`; did you mean `plan`"),
        (
            "[sources.a]\nplugin = 'gtm'\n[sources.a.events]\nx = 'y'\nz = 1",
            r"`sources.a.events.z`: expected text, got a",
        ),
        ("gateway = 3", r"`gateway`: expected a table, got a whole number"),
        ("sources = 3", r"`sources`: expected a table, got a whole number"),
        ("sources = {web = 3}", r"`sources.web`: expected a table, got a whole number"),
        ("[gateway]\nport = 2026-01-01", r"`gateway.port`: expected a whole number, got a date"),
        ("[gateway]\nhost = ''", r"`gateway.host` \(or --host\) is empty"),
        ("[gateway]\ndata = ' '", r"`gateway.data` \(or --data\) is empty"),
        ("[gateway]\ndata = 'env:'", r"`gateway.data` is `env:` without the name of a variable"),
        ("[gateway]\npublic_url = 'a.example'", r"`gateway.public_url` is 'a.example'; write it as `https://"),
        ("[gateway]\nhosts = ['https://shop.example']", r"write the name alone, in lower case"),
        ("[sources.web]\nplugin = 'segment'\norigins = ['shop.example']", r"'shop.example', which no browser sends"),
        ("[sources.web]\nplugin = 'segment'\norigins = ['https://shop.example/']", r"without a path, or `null`"),
        ("not toml", r"not valid TOML"),
        ("[gateway]\nport = 0x", r"not valid TOML"),
    ],
)
def test_a_fault_names_the_file_and_the_key(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault) as error:
        loaded(tmp_path, text)

    assert error.value.message.startswith(str(tmp_path / "tagway.toml"))


def test_a_file_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "tagway.toml"
    file.write_bytes(b"[gateway]\nhost = '\xff'")

    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(file, {})


@pytest.mark.parametrize("text", ["", "\ufeff", "\ufeff[gateway]\r\nport = 8787\r\n", "# " + "x" * 3_000_000])
def test_a_file_that_says_nothing_new_is_as_good_as_the_defaults(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, text)
    assert (found.gateway, found.open) == (config.Gateway(), False)


def test_the_inspect_token_alone_may_be_absent_from_the_environment(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[gateway]\ninspect_token = 'env:NONE'").gateway.inspect_token == ""


def test_command_line_options_replace_only_what_they_name() -> None:
    found = config.with_gateway(config.Config(), data="/tmp/x", port=None)

    assert (found.gateway.data, found.gateway.port) == ("/tmp/x", config.Config().gateway.port)


@pytest.mark.parametrize("key", ["host", "data"])
def test_an_empty_option_is_not_every_address_or_the_folder_that_one_works_in(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^`gateway\.{key}` \(or --{key}\) is empty"):
        config.with_gateway(config.Config(), **{key: ""})


def test_whoever_only_reads_what_is_recorded_needs_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "tagway.toml"
    file.write_text("[sources.web]\nplugin = 'segment'\nwrite_keys = ['env:NONE', 'env:SET']")
    read = config.load(file, {"SET": "s3cret"}, to_read=True)
    assert read.sources["web"].write_keys == ("env:NONE", "s3cret")
    file.write_text("[gateway]\ndata = 'env:NONE'")
    with pytest.raises(ConfigError, match=r"`gateway\.data` wants the environment variable NONE"):
        config.load(file, {}, to_read=True)


def test_a_public_address_wants_its_scheme_wherever_it_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, "", TAGWAY_PUBLIC_URL="https://a.example/tagway").gateway.public_url
    for text, environ in (("[gateway]\npublic_url = 'a.example'", {}), ("", {"TAGWAY_PUBLIC_URL": "a.example"})):
        with pytest.raises(ConfigError, match=r"'a\.example'; write it as `https://"):
            loaded(tmp_path, text, **environ)
