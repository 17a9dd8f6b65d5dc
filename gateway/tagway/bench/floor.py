"""The floor: the least that a Starlette service can do with a request and still understand it.

It reads the body, parses it and answers 200 with a JSON object, through `Request` and `Response`, on uvicorn
with the gateway's own settings. What the gateway costs beyond it is what durability and checks cost.
`python -m tagway.bench.floor` prints its port.
"""

from __future__ import annotations

import socket

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tagway.web.server import settings


async def echo(request: Request) -> Response:
    """Read the body, parse it, answer."""
    msgspec.json.decode(await request.body())
    return Response(b'{"success":true}', media_type="application/json")


def main() -> None:
    """Serve on a free port of loopback until killed."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = Starlette(routes=[Route(path, echo, methods=["POST"]) for path in ("/v1/track", "/v1/batch")])
    uvicorn.Server(settings(app, http="httptools", lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    main()
