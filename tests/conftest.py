"""What holds for all tests."""

from hypothesis import settings

# A machine that is busy with something else must not fail a law: no deadline per example.
settings.register_profile("tagway", deadline=None)
settings.load_profile("tagway")
