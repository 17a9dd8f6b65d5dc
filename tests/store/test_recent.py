from __future__ import annotations

from tagway.store.recent import Recent


def filled(*keys: str) -> Recent[str, int]:
    cache: Recent[str, int] = Recent(2)
    for key in keys:
        cache.put(key, len(key))
        cache.age()
    return cache


def test_what_was_not_used_is_forgotten() -> None:
    cache = filled("a", "bb", "ccc", "d", "ee", "fff")
    assert [cache.get(key) for key in ("a", "bb", "ccc", "d", "ee", "fff")] == [None, None, None, 1, 2, 3]


def test_what_was_used_outlives_what_was_not() -> None:
    cache = filled("a", "bb", "ccc")
    cache.get("a")
    for key in ("d", "ee"):
        cache.put(key, 0)
        cache.age()
    assert cache.get("a") == 1
    assert cache.get("bb") is None


def test_what_is_forgotten_is_forgotten_in_both_generations() -> None:
    cache = filled("a", "bb", "ccc")
    cache.put("a", 9)
    assert cache.pop("a") == [9, 1]
    assert cache.get("a") is None
