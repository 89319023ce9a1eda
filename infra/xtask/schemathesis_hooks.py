"""What schemathesis cannot generate: access tokens, id_tokens of live sessions, numbers that the customer may ask about,
and names that were not used before. Whatever is well-formed becomes real; whatever is malformed stays as it was drawn.
"""

import ipaddress
import itertools
import json
import os
import random
import re
import uuid

import requests
import schemathesis

with open(os.environ["GATEWAY_JSON"]) as file:
    GATEWAY = json.load(file)
CUSTOMER = GATEWAY["customer"]
TOKEN = re.compile(r"v4\.public\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
NUMBER = re.compile(r"[+ ]?[1-9][0-9]{6,14}")
NAME = re.compile(r"[!-~]{1,128}")
KEY = re.compile(r"[!-~]{1,255}")
# The shared generator is Hypothesis's, which seeds it anew for every example.
chance = random.SystemRandom()
# Each gets five SMS an hour, and each address ten.
# In the operator table: the rest of the range is for drama, and nobody's.
BLOCKS = [*range(447700900500, 447700900800), *range(447700900900, 447700900999)]
NUMBERS = itertools.cycle(chance.sample(BLOCKS, len(BLOCKS)))

session = requests.Session()
session.trust_env = False


def post(path, form, **options):
    answer = session.post(GATEWAY["url"] + path, data=form, timeout=20, **options)
    answer.raise_for_status()
    return answer.json()


ACCESS_TOKEN = post(
    "/v1/oauth/token",
    {"grant_type": "client_credentials", "scope": "authenticate otp"},
    auth=(CUSTOMER["client_id"], CUSTOMER["client_secret"]),
)["access_token"]


def begin(number):
    form = {"msisdn": f"+{number}", "client_ip": address()}
    return post("/v1/get_config", form, headers={"Authorization": f"Bearer {ACCESS_TOKEN}"})["id_token"]


def address():
    """Public, and of no network that the gateway knows."""
    return f"8.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"


def id_token(operation):
    """Of a session of its own: a link works once. For authenticate, of a number that an operator serves."""
    return begin(chance.choice([447700900620, 447700900920]) if operation == "/v1/authenticate" else next(NUMBERS))


def fits(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def is_address(value):
    try:
        return bool(isinstance(value, str) and ipaddress.ip_address(value))
    except ValueError:
        return False


def realise(fields, operation):
    """Parameters of a query or members of a body, in place."""
    if not isinstance(fields, dict):
        return
    if fits(TOKEN, fields.get("id_token")):
        fields["id_token"] = id_token(operation)
    if fits(NUMBER, fields.get("msisdn")):
        fields["msisdn"] = f"+{next(NUMBERS)}"
    if is_address(fields.get("client_ip")):
        # A private or reserved one is refused, which no format of JSON Schema can say.
        fields["client_ip"] = address()
    if fields.get("redirect_uri") and isinstance(fields["redirect_uri"], str):
        fields["redirect_uri"] = CUSTOMER["redirect_uri"]
    if operation == "/v1/get_config" and fits(NAME, fields.get("correlation_id")):
        fields["correlation_id"] = str(uuid.uuid4())
    if operation == "/v1/validate" and fields.get("correlation_id"):
        # That of the session, which has none.
        fields["correlation_id"] = None


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, bytes):
        # `cargo lambda watch` itself answers 500 to JSON that is not UTF-8; tests/contract asks the functions.
        case.body = case.body.decode(errors="replace").encode()
    realise(case.query, case.path)
    realise(case.body, case.path)
    for name in list(case.headers or {}):
        if name.lower() == "idempotency-key" and fits(KEY, case.headers[name]):
            case.headers[name] = str(uuid.uuid4())


@schemathesis.auth().apply_to(path="/v1/oauth/token")
class Basic:
    def get(self, case, context):
        return CUSTOMER["client_id"], CUSTOMER["client_secret"]

    def set(self, case, data, context):
        case._auth = requests.auth.HTTPBasicAuth(*data)


@schemathesis.auth().apply_to(path=["/v1/get_config", "/v1/validate", "/v1/coverage"])
class Bearer:
    def get(self, case, context):
        return ACCESS_TOKEN

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"
