"""How a real store reaches a gateway on a laptop: what `tagway up` prints, and why it is needed."""

from __future__ import annotations

from tagway.config import Config


def advice(url: str, config: Config) -> str:
    """The sentences, for a gateway at `url`."""
    if config.gateway.public_url:
        return (
            f"Your store reaches this gateway at {config.gateway.public_url} (TAGWAY_PUBLIC_URL, gateway.public_url)."
        )
    port = url.rsplit(":", 1)[-1]
    return f"""Nothing but this machine reaches {url} yet. To receive from a real store, open a tunnel and name it:

    cloudflared tunnel --url {url}          (or: ngrok http {port})
    export TAGWAY_PUBLIC_URL=https://<name the tunnel printed>

127.0.0.1 is not enough, not even for a browser on this machine:
  - a page on https may not call a loopback address without the visitor's consent (Chrome's Local Network Access),
    and blocks plain http from https as mixed content;
  - Shopify's pixels run in a sandbox whose Origin is `null`; list "null" in the source's `origins`, and give the
    tunnel's address as the endpoint;
  - webhooks come from the vendor's servers, which only see the tunnel.
A tunnel makes loopback public: sources without a key or secret refuse what comes through it. `tagway init` writes a
configuration with fresh keys.
"""
