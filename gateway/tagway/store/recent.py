"""A bounded cache of what was used lately: two generations, each a dictionary."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """What was used lately is young; when there are too many young ones, the old ones are forgotten."""

    def __init__(self, size: int) -> None:
        """Keep the `size` entries used last, and up to as many more."""
        self._size = size
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The entry of a key, which makes it young; None when it is not here."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self._young[key] = found
        return found

    def put(self, key: Key, value: Value) -> None:
        """Keep an entry. The young become old by `age` alone, so that a batch finds what it has put."""
        self._young[key] = value

    def pop(self, key: Key) -> list[Value]:
        """Forget what is kept under a key, young or old; that."""
        return [one.pop(key) for one in (self._young, self._old) if key in one]

    def age(self) -> None:
        """Between batches: when there are enough young entries, they become the old ones."""
        if len(self._young) > self._size:
            self._old, self._young = self._young, {}
