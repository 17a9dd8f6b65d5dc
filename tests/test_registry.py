"""Plugins are checked once, at start-up, and a fault names the plugin, its file and its distribution."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import pytest
from tagway import DeadLetter, Event, Request, Source, hookimpl, registry
from tagway.config import Config, SourceConfig
from tagway.errors import ConfigError, PluginError


class Acme(Source):
    name = "acme"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        yield Event(name="Product Viewed", message_id=request.body.decode())


class Good:
    @hookimpl
    def register_sources(self, register: Callable[[Source], None]) -> None:
        register(Acme())


class NoHook:
    def register_sources(self, register: Callable[[Source], None]) -> None:
        """Not marked with @hookimpl, so pluggy does not see it."""


class Misspelled:
    @hookimpl
    def register_source(self, register: Callable[[Source], None]) -> None:
        """The hook is `register_sources`."""


class WrongArgument:
    @hookimpl
    def register_sources(self, registrar: Callable[[Source], None]) -> None:
        """The argument is `register`."""


def distribution(folder: Path, module: str, code: str) -> None:
    """Lay out an installed third-party distribution with one plugin."""
    (folder / f"{module}.py").write_text(code)
    info = folder / "acme_plugin-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[tagway]\nacme = {module}\n")


def test_a_plugin_brings_its_sources() -> None:
    loaded = registry.load(Config(), [Good()], entry_points=False)

    assert loaded.available["acme"].name == "acme"
    assert loaded.sources["acme"].open
    assert loaded.plugins[0].sources == ("acme",)


def test_the_bundled_plugins_register_like_any_third_partys() -> None:
    plugins = registry.load(Config()).plugins

    assert plugins
    assert {one.distribution.split()[0] for one in plugins} == {"tagway"}


@pytest.mark.parametrize(
    ("plugin", "fault"),
    [(NoHook(), "implements no hook"), (Misspelled(), "register_source"), (WrongArgument(), "registrar")],
    ids=lambda one: type(one).__name__,
)
def test_a_plugin_that_does_nothing_or_misspells_stops_start_up(plugin: object, fault: str) -> None:
    with pytest.raises(PluginError, match=fault) as error:
        registry.load(Config(), [plugin], entry_points=False)

    assert __file__ in error.value.message


def test_a_source_registered_twice_names_both_plugins() -> None:
    with pytest.raises(PluginError, match="source 'acme' is registered twice") as error:
        registry.load(Config(), [Good(), ModuleNamedAcme], entry_points=False)

    assert error.value.message.count(__file__) == 1
    assert "second_acme.py" in error.value.message


ModuleNamedAcme = ModuleType("second_acme")
ModuleNamedAcme.__file__ = "second_acme.py"
vars(ModuleNamedAcme)["register_sources"] = hookimpl(lambda register: register(Acme()), specname="register_sources")


class Misnamed(Source):
    name = "Acme Shop"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        return []


def test_a_source_with_a_name_that_no_path_can_carry_names_its_plugin() -> None:
    plugin = ModuleType("misnamed")
    plugin.__file__ = "misnamed.py"
    vars(plugin)["brings"] = hookimpl(lambda register: register(Misnamed()), specname="register_sources")

    with pytest.raises(PluginError, match=r"misnamed.*has no `name`"):
        registry.load(Config(), [plugin], entry_points=False)


def test_an_installed_third_party_plugin_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from tagway import Source, hookimpl\n"
        "class Acme(Source):\n    name = 'acme'\n    def normalize(self, request): return []\n"
        "@hookimpl\ndef register_sources(register): register(Acme())\n"
    )
    distribution(tmp_path, "acme_ok", code)
    monkeypatch.syspath_prepend(tmp_path)

    (plugin,) = (one for one in registry.load(Config()).plugins if one.name == "acme")
    assert (plugin.distribution, plugin.file) == ("acme-plugin 1.2", str(tmp_path / "acme_ok.py"))


@pytest.mark.parametrize(
    ("module", "code", "fault"),
    [
        ("acme_broken", "import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("acme_syntax", "def", "cannot be imported: SyntaxError"),
        ("acme_empty", "", "implements no hook"),
        ("acme_typo", "from tagway import hookimpl\n@hookimpl\ndef register_sorces(register): ...", "register_sorces"),
    ],
)
def test_a_faulty_installed_plugin_names_its_distribution_and_module(
    module: str, code: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, module, code)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(PluginError, match=fault) as error:
        registry.load(Config())

    assert "acme-plugin 1.2" in error.value.message
    assert str(tmp_path / f"{module}.py") in error.value.message


def test_a_disabled_plugin_is_not_even_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "acme_broken", "import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)

    loaded = registry.load(Config(disabled_plugins=("acme",)))

    assert "acme" not in {one.name for one in loaded.plugins}


def test_a_disabled_plugin_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"`disabled_plugins` has 'shopfy', which is not installed; installed are: "):
        registry.load(Config(disabled_plugins=("segment", "shopfy")))


def test_a_configured_source_without_its_plugin_lists_those_that_are_installed() -> None:
    config = Config(file="tagway.toml", sources={"shop": SourceConfig(plugin="shopfy")})

    with pytest.raises(ConfigError, match=r"\[sources.shop\]: there is no plugin 'shopfy'; installed are: acme"):
        registry.load(config, [Good()], entry_points=False)


def test_options_of_a_source_that_takes_none_are_an_error() -> None:
    config = Config(file="tagway.toml", sources={"shop": SourceConfig(plugin="acme", options={"colour": 1})})

    with pytest.raises(ConfigError, match=r"\[sources.shop.options\].*takes no options, but got colour"):
        registry.load(config, [Good()], entry_points=False)


def test_secrets_of_a_source_that_signs_nothing_are_an_error() -> None:
    config = Config(file="tagway.toml", sources={"shop": SourceConfig(plugin="acme", secrets=("a",))})
    with pytest.raises(ConfigError, match=r"\[sources.shop\]: acme signs nothing .*; use `path_token`"):
        registry.load(config, [Good()], entry_points=False)
