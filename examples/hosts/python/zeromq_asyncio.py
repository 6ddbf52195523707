"""Sockets of ZeroMQ for asyncio: import zeromq, zeromq_asyncio

    socket = zeromq_asyncio.Socket(zeromq.ZMQReply("tcp://127.0.0.1:5555"))
    while True:
        request = await socket.receive()
        await socket.send("World")

The methods that receive, send, publish or poll are coroutines; other tasks run while they
wait. timeout= has milliseconds, as in zeromq; without it, they wait for as long as it takes. The
socket becomes strict: a call that times out raises zeromq.ZMQTimeout, and one out of turn
zeromq.ZMQState. All other methods are those of the socket, without await. A socket belongs to
one event loop; close it with the methods of this class.
"""

import asyncio
import inspect

import zeromq


class Socket:
    """A socket of zeromq whose calls let other tasks run while they wait."""

    def __init__(self, socket):
        socket.setstrict(True)
        self.socket = socket
        self._descriptor = None
        # The futures of the tasks that wait, and what for.
        self._waiting = {}

    def __repr__(self):
        return f"zeromq_asyncio.Socket({self.socket!r})"

    def __getattr__(self, name):
        method = getattr(self.socket, name)
        event = "in" if name == "poll" or name.startswith("receive") else "out"
        waits = event == "in" or name.startswith(("send", "publish"))
        if not waits or "timeout" not in inspect.signature(method).parameters:
            return method

        async def call(*arguments, timeout=None, **named):
            loop = asyncio.get_running_loop()
            end = None if timeout is None or timeout < 0 else loop.time() + timeout / 1000
            pause = 0.001
            while True:
                left = None if end is None else end - loop.time()
                try:
                    result = method(*arguments, timeout=0, **named)
                    if name != "poll" or result or (left is not None and left <= 0):
                        return result
                except zeromq.ZMQTimeout:
                    if left is not None and left <= 0:
                        raise
                if event == "out" and self.socket.cansend():
                    # There is room for others, but not for the peer of this message.
                    await asyncio.sleep(pause if left is None else min(pause, left))
                    pause = min(2 * pause, 0.05)
                else:
                    await self._ready(event, left)

        call.__name__, call.__doc__ = name, method.__doc__
        return call

    async def _ready(self, event, seconds):
        """Waits until the socket may be ready, was closed, or the time is over."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting[future] = event
        try:
            self._watch(loop)
            await asyncio.wait_for(future, seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            self._waiting.pop(future, None)
            self._watch(loop)

    def _watch(self, loop):
        """Watches the descriptor of the socket while tasks wait."""
        events = set(self._waiting.values())
        if events:
            self._descriptor = self.socket.descriptor("both" if len(events) == 2 else events.pop())
            loop.add_reader(self._descriptor, self._wake, loop)
        elif self._descriptor is not None:
            loop.remove_reader(self._descriptor)

    def _wake(self, loop):
        """Lets all tasks look whether they can go on. Meanwhile nothing is watched."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self._watch(loop)
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def close(self, *arguments, **named):
        """Closes the socket. Tasks that wait for it raise zeromq.ZMQClosed."""
        waiting = list(self._waiting)
        for loop in {future.get_loop() for future in waiting}:
            self._wake(loop)
        self._descriptor = None
        return self.socket.close(*arguments, **named)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()
