"""The script as HTTP: examples of the plugins, filled in, with the proof that each source wants."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from tagway.core import body, moments
from tagway.core.events import Request
from tagway.demo.script import ABSENT, NOW, Scene
from tagway.errors import TagwayError
from tagway.hookspecs import Example
from tagway.registry import ConfiguredSource, Registry

SOURCES: Final[Mapping[str, str]] = {"pixel": "shopify_pixel", "gtm": "gtm", "app": "segment", "shopify": "shopify"}
"""The sources of the demo's configuration, and their plugins."""
_NOT_THE_SECRET: Final = "somebody-elses-secret"  # noqa: S105 - that is the point of it


class Store:
    """The simulated store: sends scenes to one gateway."""

    def __init__(self, registry: Registry, url: str) -> None:
        """Send to `url` what the sources of `registry` have as examples."""
        self._registry = registry
        self._client = httpx2.Client(base_url=url, timeout=10)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, scene: Scene, now: int) -> int:
        """Send one scene at `now` (microseconds); the status of the answer. Raises `httpx2.HTTPError`."""
        bound = self._registry.sources[scene.source]
        example = _example(bound, scene.example)
        content = body.encode(filled(body.decode(example.body), scene, now))
        path = example.path.replace("/shopify", f"/{scene.source}") if bound.source.kind == "webhook" else example.path
        headers = {**example.headers, **scene.headers, **self._proof(bound, scene, path, content, now)}
        return self._client.post(path, content=content, headers=headers).status_code

    def _proof(self, bound: ConfiguredSource, scene: Scene, path: str, content: bytes, now: int) -> Mapping[str, str]:
        if bound.source.kind == "collect":
            (key,) = bound.config.write_keys
            return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
        secret = _NOT_THE_SECRET if scene.forged else bound.config.secrets[0]
        request = Request(source=bound.name, path=path, body=content, received_at=now)
        return bound.source.sign(request, secret, now)


def filled(document: Any, scene: Scene, now: int) -> Any:
    """The example's body as the scene wants it."""
    document = copy.deepcopy(document)
    for pointer, value in scene.change.items():
        *path, last = body.tokens(pointer)
        place = document
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is ABSENT:
            place.pop(last, None)
        else:
            place[last] = moments.write(now) if value is NOW else value
    return document


def _example(bound: ConfiguredSource, name: str) -> Example:
    for example in bound.source.examples():
        if example.name == name:
            return example
    raise TagwayError(f"the plugin {bound.source.name!r} has no example {name!r}, which the demo sends")
