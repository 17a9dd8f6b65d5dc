"""What holds for all tests."""

from hypothesis import settings

# A machine that is busy with something else must not fail a law: no deadline per example.
settings.register_profile("tagway", deadline=None)
# `make laws` chooses this one: pytest --hypothesis-profile=laws
settings.register_profile("laws", deadline=None, max_examples=20_000)
settings.load_profile("tagway")
