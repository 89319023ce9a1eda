"""Verifies an access token, an id_token and a webhook's event of the running system with pyseto and the published keys, as a
customer who does not trust our own library would; the event by the code of the guide. Usage: verify_tokens.py <gateway.json>
"""

import base64
import json
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request

import pyseto

MSISDN = "+447700900620"

gateway = json.load(open(sys.argv[1]))
customer = gateway["customer"]


def call(path, form=None, authorization=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(gateway["url"] + path, data=data)
    if authorization:
        request.add_header("Authorization", authorization)
    return json.load(urllib.request.urlopen(request, timeout=10))


published = call("/v1/.well-known/paseto-keys")["keys"]
keys = {key["kid"]: pyseto.Key.from_paserk(key["paserk"]) for key in published}


def verify(token, kind):
    """The claims; the footer names the key, and the kind is bound to the signature."""
    encoded = token.split(".")[3]
    footer = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    key = keys[footer["kid"]]
    for wrong in (b"access", b"id", b""):
        if wrong == kind:
            continue
        try:
            pyseto.decode(key, token, implicit_assertion=wrong)
        except (pyseto.VerifyError, pyseto.DecryptError):
            continue
        sys.exit(f"a token of kind {kind} passes as {wrong}")
    return json.loads(pyseto.decode(key, token, implicit_assertion=kind).payload)


def check(condition, what):
    if not condition:
        sys.exit(what)


basic = base64.b64encode(f"{customer['client_id']}:{customer['client_secret']}".encode()).decode()
form = {"grant_type": "client_credentials", "scope": "authenticate otp"}
access_token = call("/v1/oauth/token", form, f"Basic {basic}")["access_token"]
access = verify(access_token, b"access")
check(access["user_id"] == customer["client_id"], "the access token is another customer's")
check(access["iss"] == gateway["url"], "the access token has another issuer")

config = call("/v1/get_config", {"msisdn": MSISDN, "client_ip": "148.252.128.20"}, f"Bearer {access_token}")
claims = verify(config["id_token"], b"id")
check(claims["network"] == "VODAFONE", "the id_token names another network")
check(claims["vendor_type"] == "vodafone", "the id_token names another vendor_type")
check(MSISDN[3:] not in json.dumps(claims), "the number stands in the id_token")

# Of the sign-ins before this.
until = time.monotonic() + 20
events = []
while not events and time.monotonic() < until:
    events = json.load(urllib.request.urlopen(gateway["sandbox"] + "/webhooks", timeout=10))
check(events, "the shop's webhook was told nothing")
guide = pathlib.Path(__file__).parent.parent / "docs/webhooks.md"
known = {"url": gateway["url"], "client_id": customer["client_id"]}
exec(re.search(r"^```python\n(.*?)^```", guide.read_text(), re.M | re.S)[1], known)
check(known["verify_event"](events[0]["token"])["jti"] == events[0]["jti"], "the event is another")
try:
    known["verify_event"](config["id_token"])
except pyseto.VerifyError:
    print("both tokens and an event verify")
else:
    sys.exit("an id_token passes for an event")
