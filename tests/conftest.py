"""What holds for all tests."""

from hypothesis import settings

# Every run draws the same examples: what failed fails again, and what passed here passes there.
# A machine that is busy with something else must not fail a law: no deadline per example.
settings.register_profile("tagway", deadline=None, derandomize=True)
# `make laws` chooses this one, which looks for new examples: pytest --hypothesis-profile=laws
settings.register_profile("laws", deadline=None, max_examples=20_000)
settings.load_profile("tagway")
