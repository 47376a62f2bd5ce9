#!/usr/bin/env python3
"""Hands connections on, with TLS on one side: gateway.py LISTEN TARGET [option]…, both HOST:PORT

Towards who connects: --certificate and --key, and --client-ca where he has to show one himself. Towards the target: --target-ca."""
import argparse
import asyncio
import ssl


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


async def hand_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(arguments):
    inward = outward = None
    if arguments.certificate:
        inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=arguments.client_ca)
        inward.load_cert_chain(arguments.certificate, arguments.key)
        if arguments.client_ca:
            inward.verify_mode = ssl.CERT_REQUIRED
    if arguments.target_ca:
        outward = ssl.create_default_context(cafile=arguments.target_ca)

    async def connected(reader, writer):
        try:
            target_reader, target_writer = await asyncio.open_connection(
                *address(arguments.target), ssl=outward, server_hostname=arguments.target_name if outward else None)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(hand_on(reader, target_writer), hand_on(target_reader, writer))

    server = await asyncio.start_server(connected, *address(arguments.listen), ssl=inward, backlog=512)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("listen")
    parser.add_argument("target")
    for option in ("--certificate", "--key", "--client-ca", "--target-ca", "--target-name"):
        parser.add_argument(option)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
