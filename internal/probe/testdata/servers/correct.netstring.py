"""Echo of netstrings with asyncio, without a fault."""

import asyncio


async def serve(reader, writer):
    try:
        while True:
            digits = (await reader.readuntil(b":"))[:-1]
            if not digits.isdigit() or int(digits) > 16 << 20:
                break
            body = await reader.readexactly(int(digits))
            if await reader.readexactly(1) != b",":
                break
            writer.write(b"%d:%s," % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
