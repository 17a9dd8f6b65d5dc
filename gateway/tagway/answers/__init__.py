"""Questions over the read side that need more than one look, answered by pure functions of what the feed says.

`explain` and `export` tell of a person, `why` of what joins two identifiers, `rules` says it in words; `reasons` says
stage by stage why an event, a person or a cart is as it is. `carts` is the waterfall, `violations` groups faults,
`health` is the pulse of the gateway, `journeys` holds one browser against a plan.
"""
