"""`tagway bench`: what this machine does, as ratios to a floor that runs beside it.

Times of a busy machine say little, ratios taken in the same minutes say much: every round drives the floor and
the gateway one after the other, with the same requests, and compares what a request costs each server process
in CPU. The parts are processes of their own, so that none measures another:

`floor`    an echo that reads and parses the body, with the same uvicorn settings as the gateway
`load`     the sender: keep-alive sockets, bytes made beforehand, a fresh message id in every event
`engine`   one fold of a full log into an empty store
`normalizing` what the plugins cost, over parsing alone
`processes` starts them, and measures CPU and memory
`rounds`   the order of it all, and what each figure means
"""
