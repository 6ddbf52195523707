"""Sends a long message over a slow link and receives it back, with heartbeats."""
import sys

import zeromq

dealer = zeromq.ZMQDealer()
dealer.heartbeat(200)
dealer.connect(sys.argv[1])
text = "x" * (1 << 19)
dealer.send(text)
print(str(dealer.receive(timeout=20000) == text).lower())
