"""The web process: ingest, inspect, health, metrics."""
