"""Somebody whom webhooks tell, on a port of loopback that it prints first; it ends when its input does.

usage: receiver.py FILE [--certificate PEM KEY]

The key of the signatures stands in WRIT_TEST_KEY. What it took, and what it made of the signature, it keeps as JSON lines in FILE. How it answers
stands in FILE.mode: a status, `hang`, or nothing, which is 204.
"""

import argparse
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import time


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        timestamp = self.headers["Writ-Timestamp"]
        made = hmac.new(os.environ["WRIT_TEST_KEY"].encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        kept = {
            "path": self.path,
            "event": self.headers["Writ-Event"],
            "delivery": self.headers["Writ-Delivery"],
            "type": self.headers["Content-Type"],
            "young": abs(time.time() - int(timestamp)) < 300,
            "signed": hmac.compare_digest(f"v1={made}", self.headers["Writ-Signature"]),
            "headers": dict(self.headers),
            "body": body.decode(),
        }
        with open(args.file, "a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
        mode = pathlib.Path(args.file + ".mode")
        mode = mode.read_text() if mode.exists() else ""
        if mode == "hang":
            time.sleep(3600)
        self.send_response(int(mode or 204))
        if mode.startswith("3"):
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--certificate", nargs=2)
args = parser.parse_args()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.daemon_threads = True
if args.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*args.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
