"""Stands before a server on loopback and hands each of its answers on after a while.

delay_proxy.py PORT MILLISECONDS: prints the port that it listens on; ends with its standard input.
"""

import asyncio
import sys


async def forward(reader, writer, delay):
    """In order: each part waits its own time, not that of the parts before it."""
    loop = asyncio.get_running_loop()
    while data := await reader.read(1 << 16):
        if delay:
            loop.call_later(delay, writer.write, data)
        else:
            writer.write(data)
    loop.call_later(delay, writer.close)


async def main(port, delay):
    async def serve(reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(forward(reader, server_writer, 0.0),
                                 forward(server_reader, writer, delay))
        except OSError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
    except KeyboardInterrupt:
        pass
