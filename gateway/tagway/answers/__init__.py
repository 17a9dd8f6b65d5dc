"""Explain, why, checks, carts, twins, report: pure questions over the feed."""
