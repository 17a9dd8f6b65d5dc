"""The store: the fold of the log, in `store.db`. All of its SQL lives here.

`migrations` has the tables, `record` is the write side (the engine's only), `identities` resolves and keeps
aliases, `feed` is the read side. Everything in it can be dropped and folded again from the log.
"""
