"""The family of calls: identify, track, page, screen, group, alias, as Segment made them and others took over.

`dialect` reads a call; `segment`, `rudderstack` and `customerio` say at which paths, and what each does its own way.
"""
