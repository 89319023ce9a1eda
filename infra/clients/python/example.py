"""python example.py +447700900999 81.2.69.99: proves a number by SMS, asking for the code here.

Environment: GATEWAY_URL, CLIENT_ID, CLIENT_SECRET.
"""

import sys
from os import environ

from silent_auth import Gateway

with Gateway(environ["GATEWAY_URL"], environ["CLIENT_ID"], environ["CLIENT_SECRET"]) as gateway:
    config = gateway.get_config(msisdn=sys.argv[1], client_ip=sys.argv[2])  # its page would get this, and try `silent(config)`
    sent = gateway.send_code(config["id_token"])
    otp_code = input(f"The {sent['code_length']} digits: ")
    verdict = gateway.validate({"id_token": config["id_token"], "otp_code": otp_code})
    print("It is theirs." if verdict.authenticated else f"Not proved: {verdict.reason}")
