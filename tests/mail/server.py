"""A mail server for the tests, on a port of loopback that it prints first. It keeps what it takes as JSON lines in a file, and
ends when its input does.

usage: server.py FILE [--certificate PEM KEY] [--implicit] [--login USER PASSWORD]

It refuses the recipients `nobody@…` for good (550), `later@…` for now (451), and content that says `REFUSE-CONTENT` (554). It
hangs up after a mail to `last@…`, and answers a mail to `silent@…` with nothing.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, path, number):
        self.path, self.number = path, number

    async def handle_RCPT(self, server, session, envelope, address, options):
        who = address.split("@")[0]
        if who == "nobody":
            return "550 5.1.1 no such\tperson \x1b[31mhere"
        if who == "later":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"REFUSE-CONTENT" in envelope.content:
            return "554 5.7.1 we do not like this"
        with open(self.path, "a", encoding="utf-8") as file:
            kept = {
                "connection": self.number,
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "encrypted": server.transport.get_extra_info("ssl_object") is not None,
                "login": session.authenticated,
                "content": envelope.content.decode("ascii"),
            }
            file.write(json.dumps(kept) + "\n")
        who = envelope.rcpt_tos[0].split("@")[0]
        if who == "silent":
            await asyncio.sleep(3600)
        if who == "last":
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return "250 OK"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--certificate", nargs=2)
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--login", nargs=2)
    args = parser.parse_args()
    context = None
    if args.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args.certificate)

    def login(server, session, envelope, mechanism, data):
        given = [data.login.decode(), data.password.decode()]
        return AuthResult(success=given == args.login, handled=False)

    count = 0

    def connection():
        nonlocal count
        count += 1
        return SMTP(
            Handler(args.file, count),
            hostname="mail.contoso.example",
            tls_context=None if args.implicit else context,
            require_starttls=context is not None and not args.implicit,
            authenticator=login if args.login else None,
            auth_required=bool(args.login),
            auth_require_tls=not args.implicit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=context if args.implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def run():
    await main()
    # What still waits for an answer is not waited for.
    os._exit(0)


asyncio.run(run())
