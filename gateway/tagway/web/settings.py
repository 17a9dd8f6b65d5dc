"""Settings: what a vendor's browser SDK fetches before it starts. Per source and key, never a union of them."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from tagway.errors import RefusedError
from tagway.web import cors, keys, wire
from tagway.web.intake import Intake
from tagway.web.paths import Place, Target


class Settings:
    """The endpoint of one settings path."""

    def __init__(self, place: Place, intake: Intake) -> None:
        """Answer with the settings of the sources that declare the path."""
        self._place, self._intake = place, intake
        self._cors = cors.policy(place)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a key that opens nothing is refused and counted."""
        del receive
        headers = dict(scope["headers"])
        origin = self._cors.headers(headers.get(b"origin"))
        if scope["method"] == "OPTIONS":
            await wire.empty(send, self._cors.preflight(headers, origin))
            return
        try:
            target, key = self._target(scope, headers)
        except RefusedError as refused:
            self._intake.refuse(refused, path=self._place.path)
            await wire.refusal(send, refused, origin)
            return
        settings = target.bound.source.settings(self._endpoint(scope, headers), key)
        await wire.json(send, settings, headers=origin)

    def _target(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[Target, str]:
        offered, method = keys.from_head(scope, headers), scope["method"]
        for key in offered:
            if (target := self._place.keyed.get((method, key))) is not None:
                return target, key
        several = self._place.unkeyed.get(method, [])
        if len(several) == 1:
            return several[0], offered[0] if offered else ""
        if method not in self._place.methods:
            raise self._place.wrong_method()
        raise RefusedError("unknown_key" if offered else "no_proof", "this write key opens nothing here")

    def _endpoint(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Where the SDK is to send: the public address, or the address that it asked at."""
        public = self._intake.config.gateway.public_url
        return public.rstrip("/") or f"{scope['scheme']}://{headers.get(b'host', b'').decode('latin-1')}"
