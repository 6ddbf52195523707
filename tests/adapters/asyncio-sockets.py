"""Sockets in the event loop of asyncio."""
import asyncio

import zeromq
import zeromq_asyncio


async def serve(server):
    try:
        while True:
            request = await server.receive()
            await server.send(request + "!")
    except zeromq.ZMQClosed:
        return "closed"


async def beside():
    """Runs while others wait."""
    turns = 0
    while turns < 3:
        await asyncio.sleep(0)
        turns += 1
    return turns


async def main():
    server = zeromq_asyncio.Socket(zeromq.ZMQReply("tcp://127.0.0.1:*"))
    client = zeromq_asyncio.Socket(zeromq.ZMQRequest(server.endpoint()))
    serving = asyncio.ensure_future(serve(server))
    for text in "a", "b":
        await client.send(text)
        print(await asyncio.gather(client.receive(), beside()))
    #> ['a!', 3]
    #> ['b!', 3]

    for way in (client.receive(timeout=10), client.send("x"), client.send("y", timeout=10)):
        try:
            print(await way)
        except zeromq.Error as error:
            print(type(error).__name__)
    #> ZMQState
    #> True
    #> ZMQState
    print(await client.poll(timeout=20000), await client.receive(), await client.poll(timeout=5))
    #> True x! False
    server.close()
    print(await asyncio.wait_for(serving, 20))
    #> closed
    client.close()

    # Many tasks wait for one socket, and each message is received once.
    pull = zeromq_asyncio.Socket(zeromq.ZMQPull("inproc://tasks"))
    push = zeromq_asyncio.Socket(zeromq.ZMQPush("inproc://tasks"))
    tasks = [asyncio.ensure_future(pull.receivevalue()) for _ in range(50)]
    await asyncio.sleep(0)
    for number in range(50):
        await push.sendvalue(number if number else None)
    received = await asyncio.wait_for(asyncio.gather(*tasks), 20)
    print(received.count(None), sorted(number for number in received if number) == [*range(1, 50)])
    #> 1 True

    # A task that is cancelled receives nothing.
    task = asyncio.ensure_future(pull.receive())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await push.send("kept")
    print(await pull.receive())
    #> kept

    # A full queue: sending waits until there is room again.
    pull.close()
    push.close()
    pull, push = zeromq.ZMQPull(), zeromq.ZMQPush()
    for socket, mark in (pull, "rcvhwm"), (push, "sndhwm"):
        socket.setoption(mark, 1)
    pull.bind("inproc://full")
    push.connect("inproc://full")
    pull, push = zeromq_asyncio.Socket(pull), zeromq_asyncio.Socket(push)

    async def fill():
        for number in range(100):
            await push.send(str(number))
    filling = asyncio.ensure_future(fill())
    received = [await asyncio.wait_for(pull.receive(), 20) for _ in range(100)]
    await filling
    print(received == [str(number) for number in range(100)])
    #> True
    try:
        await pull.receive(timeout=10)
    except zeromq.ZMQTimeout as error:
        print(error)
    #> ZMQPull.receive: timed out

    # The sockets of one task leave those of others alone.
    with zeromq_asyncio.Socket(zeromq.ZMQRouter("@inproc://router")) as router:
        dealers = [zeromq_asyncio.Socket(zeromq.ZMQDealer(">inproc://router")) for _ in range(5)]

        async def ask(dealer, text):
            await dealer.send(text)
            return await dealer.receive(timeout=20000)
        asking = [asyncio.ensure_future(ask(dealer, str(i))) for i, dealer in enumerate(dealers)]
        for _ in dealers:
            peer, text = await router.receiveall(timeout=20000)
            await router.send(peer, text * 2)
        print(await asyncio.gather(*asking))
    #> ['00', '11', '22', '33', '44']


asyncio.run(main())
