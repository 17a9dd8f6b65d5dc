"""What holds for all tests."""

import pytest
from hypothesis import settings

# A machine that is busy with something else must not fail a law: no deadline per example.
settings.register_profile("tagway", deadline=None)
settings.register_profile("laws", deadline=None, max_examples=20_000)
settings.load_profile("tagway")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--laws` tries each law on 20,000 examples instead of a few hundred."""
    parser.addoption("--laws", action="store_true", help="try each law on 20,000 examples")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples a law is tried on, before the tests are read."""
    if config.getoption("--laws"):
        settings.load_profile("laws")
