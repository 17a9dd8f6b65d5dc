"""A small online store that sends what real ones send, so that a person sees Tagway at work in half a minute.

`script`    who does what, when, and what it shows: shoppers, a duplicate delivery, a forged one, a shared laptop
`traffic`   the script as HTTP: each scene is a plugin's own example, filled in, signed as the vendor signs
`account`   what became of it, read back from the store: the demo believes nothing that it cannot read there

Nothing here knows a vendor's format or signature: those are the plugins' (`Source.examples`, `Source.sign`).
"""
