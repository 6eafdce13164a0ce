#!/usr/bin/env python3
"""A backend in one file: it greets every user who signs in for the first time.

The gateway posts webhooks here; what is to be done in return goes to its API. Nothing but Python's standard library.

    KEY=… SECRET=whsec_… python3 welcome.py

    webhooks: { url: http://127.0.0.1:8500/, secret: whsec_… }
    http: { internal: { apiKey: … } }
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = os.environ.get("API", "http://127.0.0.1:9090/api")
KEY = os.environ["KEY"]
SECRET = os.environ["SECRET"]
TEXT = os.environ.get("TEXT", "Welcome! Ask us anything: we are here from nine to five.")


def is_genuine(headers, body):
    """Standard Webhooks 1.0.0: signed with our secret, and not an old one sent again."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:
        return False
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    ours = "v1," + base64.b64encode(signed).decode()
    return any(hmac.compare_digest(ours, one) for one in headers.get("webhook-signature", "").split())


def call(path, data):
    """One operation of the API. Raises urllib.error.URLError; its HTTPError has the gateway's own words."""
    request = urllib.request.Request(
        API + path,
        json.dumps(data).encode(),
        {"authorization": f"Bearer {KEY}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def welcome(account):
    """Once: what the domain wrote to an account is in the account's archive."""
    domain = account.split("@")[-1]
    path = f"/accounts/{urllib.parse.quote(account, safe='')}/requests"
    known = call(path, {"type": "history.get", "data": {"chat": domain, "max": 1}})
    if known["data"]["items"]:
        return
    # The id makes it safe: a webhook that comes twice, or two at once, is one message.
    call("/messages", {"to": account, "id": f"welcome {account}", "body": TEXT})


class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            return self.answer(401)
        event = json.loads(body)
        if event["type"] != "session.opened":
            return self.answer(204)
        try:
            welcome(event["data"]["account"])
        except urllib.error.HTTPError as error:
            print("refused:", error.status, error.read().decode(), flush=True)
            # What is final is not to be tried again; for the rest the gateway comes back.
            return self.answer(204 if error.status < 429 else 503)
        except OSError as error:
            print("not reached:", error, flush=True)
            return self.answer(503)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8500"))), Hooks)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
