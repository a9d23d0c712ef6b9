"""Echo over MSG. The fault: the end of the client's stream cancels the replies that
are being worked on."""

import asyncio


async def serve(reader, writer):
    tasks = set()

    async def work(body):
        await asyncio.sleep(0.03)
        writer.write(b"\r\nMSG %d\r\n%s" % (len(body), body))

    order = asyncio.Lock()

    async def answer(body):
        async with order:
            await work(body)

    try:
        while True:
            await reader.readexactly(2)
            word, _, digits = (await reader.readuntil(b"\r\n")).strip().partition(b" ")
            if word != b"MSG" or not digits.isdigit() or int(digits) > 16 << 20:
                break
            body = await reader.readexactly(int(digits))
            task = asyncio.create_task(answer(body))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass
    for task in tasks:
        task.cancel()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
