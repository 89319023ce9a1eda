"""Runs every code sample of the API reference, as the sandbox serves it, against the running system: in curl, JavaScript and
Python, one operation after another, as a sign-in uses them. What a handset does between them is done here.
"""

import json
import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import requests

with open(sys.argv[1]) as file:
    GATEWAY = json.load(file)
URL, CUSTOMER = GATEWAY["url"], GATEWAY["customer"]
RUNNERS = {
    "curl": ["bash", "-euc"],
    "JavaScript": ["node", "--input-type=module", "--eval"],
    "Python": [sys.executable, "-c"],
}
session = requests.Session()
session.trust_env = False


def samples(language):
    """By operation."""
    document = session.get(f"{GATEWAY['sandbox']}/docs/openapi.json", timeout=20).json()
    operations = [each for item in document["paths"].values() for each in item.values() if "operationId" in each]
    found = {}
    for operation in operations:
        (source,) = [each["source"] for each in operation["x-codeSamples"] if each["label"] == language]
        found[operation["operationId"]] = source
    return found


class Walk:
    def __init__(self, language):
        self.language, self.samples, self.ran = language, samples(language), set()
        self.env = {"CLIENT_ID": CUSTOMER["client_id"], "CLIENT_SECRET": CUSTOMER["client_secret"]}

    def run(self, operation, expected, **variables):
        """The answer: JSON, or where a redirect goes."""
        self.env |= variables
        command = [*RUNNERS[self.language], self.samples[operation]]
        done = subprocess.run(command, env=os.environ | self.env, capture_output=True, text=True, timeout=60)
        said = done.stdout.strip().replace("\r\n", "\n")
        if self.language == "curl":
            head, _, body = said.partition("\n\n")
            status = head.split()[1] if head else ""
            moved = re.search(r"^location: (.*)$", head, re.I | re.M)
            said = moved[1] if moved else body
        else:
            status, _, said = said.partition(" ")
        if done.returncode or status != str(expected):
            sys.exit(f"{operation} in {self.language}: {expected} expected\n{done.stdout}\n{done.stderr}")
        self.ran.add(operation)
        return json.loads(said) if said.startswith("{") else said

    def begin(self, msisdn):
        """A session of a device of the sandbox."""
        (device,) = [device for device in GATEWAY["devices"] if device["msisdn"] == msisdn]
        form = {"msisdn": msisdn, "client_ip": device["client_ip"]}
        headers = {"Authorization": f"Bearer {self.env['ACCESS_TOKEN']}"}
        config = session.post(f"{URL}/v1/get_config", data=form, headers=headers, timeout=20).json()
        return device, config


def back_from_operator(location, source_ip):
    """What the operator sends the handset back with, two redirects later."""
    command = ["curl", "-sS", "-b", "", "--interface", source_ip, "-L", "--max-redirs", "2", "-w", "%{redirect_url}"]
    done = subprocess.run([*command, "-o", os.devnull, location], capture_output=True, text=True, timeout=60)
    query = parse_qs(urlsplit(done.stdout).query)
    return {"STATE": query["state"][0], "CODE": query["code"][0]}


def walk(language, other):
    """`other`: a number that has a code sent to it."""
    it = Walk(language)
    it.env["ACCESS_TOKEN"] = it.run("token", 200)["access_token"]
    assert it.run("keys", 200)["keys"] and it.run("coverage", 200)["countries"]
    source_ip = next(device["source_ip"] for device in GATEWAY["devices"] if device["msisdn"] == "+447700900620")

    config = it.run("get_config", 200)
    moved = it.run("authenticate", 302, ID_TOKEN=config["id_token"])
    proved = it.run("callback", 200, **back_from_operator(moved, source_ip))
    verdict = it.run("validate", 200, SESSION_ID=proved["session_id"])
    assert verdict["authenticated"] == "true", (language, verdict)

    _, config = it.begin("+447700900620")
    moved = it.run("authenticate_by_post", 302, ID_TOKEN=config["id_token"])
    assert it.run("callback_by_post", 200, **back_from_operator(moved, source_ip))["session_id"]

    _, config = it.begin(other)
    assert it.run("otp", 200, ID_TOKEN=config["id_token"])["code_length"] == "6"

    return it.samples.keys() - it.ran


for language, other in zip(RUNNERS, ["+447700900520", "+447700900521", "+447700900522"]):
    left = walk(language, other)
    # Only an operator's proxy reaches it.
    assert left == {"enrich"}, left
    print(language, "ran")
