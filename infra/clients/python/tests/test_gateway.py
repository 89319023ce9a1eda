"""The server client against a gateway that answers as told."""

import base64
import json
import threading
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

from silent_auth import Gateway, GatewayError, Verdict

NUMBER, ADDRESS = "+447700900620", "148.252.128.20"
TOKEN = (200, {"access_token": "v4.public.A", "expires_in": "3600", "token_type": "Bearer"}, {})
CONFIG = (200, {"expires_in": "600", "id_token": "v4.public.I"}, {})
DOWN_BODY = {"error": "temporarily_unavailable", "error_description": "Service is unavailable"}
DOWN = (503, DOWN_BODY, {"Retry-After": "0.001"})
UNAUTHORIZED_BODY = {"error": "unauthorized_client", "error_description": "Authentication required"}
UNAUTHORIZED = (401, UNAUTHORIZED_BODY, {})
BROKEN = None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list
    answers: dict

    def do_POST(self):
        path = self.path.split("?")[0]
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.seen.append((path, self.path, self.headers, body))
        answers = self.answers[path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is BROKEN:
            self.close_connection = True
            return
        status, said, headers = answer
        text = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def log_message(self, *_):
        pass


class GatewayTest(unittest.TestCase):
    def serve(self, answers, **options):
        """`answers` by path: lists, of which the last goes on."""
        self.seen = []
        handler = type("Answers", (Handler,), {"seen": self.seen, "answers": {"/v1/oauth/token": [TOKEN]} | answers})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        gateway = Gateway(f"http://127.0.0.1:{server.server_port}", "demo shop", "s:1", **options)
        self.addCleanup(gateway.close)
        return gateway

    def at(self, path):
        return [(headers, body) for seen, _, headers, body in self.seen if seen == path]

    def refused(self, ask):
        with self.assertRaises(GatewayError) as caught:
            ask()
        return caught.exception

    def test_get_config_signs_in_once_for_many_threads_and_asks_with_a_form(self):
        gateway = self.serve({"/v1/get_config": [CONFIG]})
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(gateway.get_config, NUMBER, ADDRESS, "c1", "https://shop.example/cb") for _ in range(4)]
            self.assertEqual([config.result() for config in asked], [CONFIG[1]] * 4)
        [(headers, body)] = self.at("/v1/oauth/token")
        self.assertEqual(base64.b64decode(headers["authorization"][6:]), b"demo%20shop:s%3A1")
        self.assertEqual(body, "grant_type=client_credentials&scope=authenticate+otp")
        form = "msisdn=%2B447700900620&client_ip=148.252.128.20&correlation_id=c1&redirect_uri=https%3A%2F%2Fshop.example%2Fcb"
        requests = self.at("/v1/get_config")
        self.assertEqual({(headers["authorization"], body) for headers, body in requests}, {("Bearer v4.public.A", form)})
        self.assertEqual(len({headers["idempotency-key"] for headers, _ in requests}), 4)

    def test_an_access_token_is_used_until_a_minute_before_its_end_or_a_tenth_of_a_short_life(self):
        for life, most in [("3600", 3_539), (60, 53)]:
            token = (200, TOKEN[1] | {"expires_in": life}, {})
            gateway = self.serve({"/v1/oauth/token": [token], "/v1/coverage": [(200, {"countries": []}, {})]})
            for passed, tokens in [(0, 1), (most, 1), (most + 1, 2)]:
                with mock.patch("silent_auth.gateway.time.time", return_value=1_000 + passed):
                    gateway.coverage()
                self.assertEqual(len(self.at("/v1/oauth/token")), tokens, (life, passed))

    def test_a_refused_access_token_is_replaced_once_and_a_refused_sign_in_is_not_kept(self):
        right = (200, {"authenticated": "true", "service": "otp"}, {})
        gateway = self.serve({"/v1/oauth/token": [UNAUTHORIZED, TOKEN], "/v1/validate": [UNAUTHORIZED, right, UNAUTHORIZED]})
        proof = {"id_token": "I", "otp_code": "048213"}
        error = self.refused(lambda: gateway.validate(proof))
        self.assertEqual((error.status, error.body, len(self.at("/v1/validate"))), (401, UNAUTHORIZED_BODY, 0))
        self.assertTrue(gateway.validate(proof).authenticated)
        self.assertEqual(self.refused(lambda: gateway.validate(proof)).status, 401)
        self.assertEqual(len(self.at("/v1/validate")), 4)

    def test_what_may_be_repeated_is_repeated_with_the_same_key_and_no_oftener_than_thrice(self):
        busy = (429, {}, {"Retry-After": "0.001"})
        for answers, times in [([DOWN, BROKEN, CONFIG], 3), ([busy, CONFIG], 2), ([(502, "<html>", {}), CONFIG], 2)]:
            gateway = self.serve({"/v1/get_config": answers})
            self.assertEqual(gateway.get_config(NUMBER, ADDRESS), CONFIG[1])
            keys = [headers["idempotency-key"] for headers, _ in self.at("/v1/get_config")]
            self.assertEqual((len(keys), len(set(keys))), (times, 1))
        gateway = self.serve({"/v1/get_config": [DOWN]})
        error = self.refused(lambda: gateway.get_config(NUMBER, ADDRESS))
        self.assertEqual((error.status, error.retry_after, error.is_temporary), (503, 0.001, True))
        self.assertEqual(len(self.at("/v1/get_config")), 3)

    def test_a_long_retry_after_is_told_and_not_waited_for_and_a_bad_request_is_not_repeated(self):
        slow = (429, {"error": "slow_down", "error_description": "Too many requests"}, {"Retry-After": "60"})
        bad = (400, {"error": "invalid_request", "error_description": "The provided request is invalid"}, {})
        gateway = self.serve({"/v1/get_config": [slow, bad]})
        error = self.refused(lambda: gateway.get_config(NUMBER, ADDRESS))
        self.assertEqual((error.status, error.retry_after, error.body), (429, 60.0, slow[1]))
        error = self.refused(lambda: gateway.get_config(NUMBER, ADDRESS))
        self.assertEqual((str(error), error.is_temporary), ("400 invalid_request: The provided request is invalid", False))
        self.assertEqual(len(self.at("/v1/get_config")), 2)

    def test_a_network_that_cannot_come_back_is_asked_about_without_redirect_uri(self):
        text = "Network does not support callback on redirect_uri"
        refused = (400, {"error": "invalid_request", "error_description": text}, {})
        gateway = self.serve({"/v1/get_config": [refused, CONFIG]})
        self.assertEqual(gateway.get_config(NUMBER, ADDRESS, redirect_uri="https://shop.example/cb"), CONFIG[1])
        (first, with_it), (second, without) = self.at("/v1/get_config")
        self.assertEqual(("redirect_uri" in with_it, "redirect_uri" in without), (True, False))
        self.assertNotEqual(first["idempotency-key"], second["idempotency-key"])

    def test_a_code_is_asked_for_once_only_and_its_refusal_is_for_the_page(self):
        sent = {"session_id": "s", "expires_in": "300", "code_length": "6", "resend_after": "30", "attempts_left": "5"}
        gateway = self.serve({"/v1/authenticate/otp": [(200, sent, {}), DOWN, BROKEN]})
        self.assertEqual(gateway.send_code("v4.public.a&b"), sent)
        query = urllib.parse.urlsplit(self.seen[0][1]).query
        self.assertEqual(urllib.parse.parse_qs(query), {"id_token": ["v4.public.a&b"]})
        error = self.refused(lambda: gateway.send_code("I"))
        self.assertEqual((error.status, error.body), (503, DOWN_BODY))
        error = self.refused(lambda: gateway.send_code("I"))
        self.assertEqual((error.status, str(error)), (0, "0 unreachable: The gateway did not answer"))
        self.assertEqual(len(self.seen), 3)

    def test_a_verdict_is_a_boolean_whatever_the_wire_has(self):
        no = {"authenticated": "false", "reason": "MISMATCH", "fallback_advised": "true", "service": "authenticate"}
        gateway = self.serve({"/v1/validate": [(200, no, {}), (200, {"authenticated": True, "service": "otp"}, {})]})
        self.assertEqual(gateway.validate({"id_token": "I"}), Verdict(False, "authenticate", True, "MISMATCH", None, None, None))
        self.assertEqual(gateway.validate({"id_token": "I"}), Verdict(True, "otp", False, None, None, None, None))

    def test_a_verdict_brings_the_receipt_that_was_asked_for_and_does_not_print_its_salt(self):
        said = {"authenticated": "true", "service": "otp", "receipt": "v4.public.R", "receipt_salt": "5bdc"}
        gateway = self.serve({"/v1/validate": [(200, said, {})]})
        verdict = gateway.validate({"id_token": "I", "otp_code": "048213", "receipt": "true"})
        self.assertEqual((verdict.receipt, verdict.receipt_salt), ("v4.public.R", "5bdc"))
        self.assertNotIn("5bdc", repr(verdict))

    def test_neither_errors_nor_the_log_of_httpx_quote_an_id_token(self):
        gateway = self.serve({"/v1/authenticate/otp": [(200, {}, {}), (302, {}, {"Location": "https://evil.test/"}), BROKEN]})
        with self.assertLogs("httpx", "INFO") as log:
            gateway.send_code("v4.public.secret")
            errors = [self.refused(lambda: gateway.send_code("v4.public.secret")) for _ in range(2)]
        self.assertIn("/v1/authenticate/otp", "".join(log.output))
        self.assertNotIn("v4.public", "".join(log.output))
        self.assertEqual([error.status for error in errors], [302, 0])
        self.assertEqual([(error.__cause__, error.__context__) for error in errors], [(None, None)] * 2)


if __name__ == "__main__":
    unittest.main()
