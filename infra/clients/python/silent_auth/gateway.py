"""The calls of a customer's backend. The types of the wire, `api`, are generated from infra/openapi.yaml."""

import logging
import random
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from . import api
from .error import GatewayError

# Tries of a request that may be repeated.
TRIES = 3
# Seconds of Retry-After that are waited for; what takes longer is told to the caller.
PATIENCE = 5.0
# Seconds before its end that an access token is no longer used; a tenth of a life that is short.
MARGIN = 60.0
NO_CALLBACK = "Network does not support callback on redirect_uri"


@dataclass(frozen=True)
class Verdict:
    """What came of it. Whether the scalars are quoted on the wire makes no difference here."""

    authenticated: bool
    service: str
    # Go on with a code by SMS?
    fallback_advised: bool
    reason: str | None
    correlation_id: str | None
    # If it was asked for: this verdict, signed. Who has the salt too can find the number, so it is not printed.
    receipt: str | None
    receipt_salt: str | None = field(repr=False)


class Gateway:
    """One customer at one gateway, for all threads; keep one for all requests, since it keeps the access token.

    url: `https://host`, without `/v1`. timeout: seconds without an answer; an operator may take 8.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        scope: str = "authenticate otp",
        timeout: float = 15.0,
    ) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout)
        self._credentials = tuple(urllib.parse.quote(text, safe="") for text in (client_id, client_secret))
        self._scope = scope
        self._sign_in = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get_config(
        self,
        msisdn: str,
        client_ip: str,
        correlation_id: str | None = None,
        redirect_uri: str | None = None,
    ) -> api.ConfigAnswer:
        """Begins a session. Keep the answer's `id_token` in your own session, and pass the answer on to the page.

        msisdn: E.164. client_ip: the handset's address as your server sees it. correlation_id: your own name for the
        sign-in, good for one session. redirect_uri: where the flow shall end; left out by itself for a network that
        cannot come back.
        """
        form = {"msisdn": msisdn, "client_ip": client_ip}
        if correlation_id is not None:
            form["correlation_id"] = correlation_id
        if redirect_uri is not None:
            form["redirect_uri"] = redirect_uri
        try:
            config: api.ConfigAnswer = self._authorized("POST", "/v1/get_config", data=form)
            return config
        except GatewayError as error:
            if error.body["error_description"] != NO_CALLBACK:
                raise
        del form["redirect_uri"]
        config = self._authorized("POST", "/v1/get_config", data=form)
        return config

    def send_code(self, id_token: str) -> api.SentCode:
        """Sends the code by SMS, for a page that must not ask the gateway itself.

        Never repeated: it may have been sent. Pass `status`, `body` and `retry_after` of an error on to the page.
        """
        sent: api.SentCode = self._send("GET", "/v1/authenticate/otp", params={"id_token": id_token})
        return sent

    def validate(self, proof: api.ValidateRequest) -> Verdict:
        """Is it proved? `proof` is what the page's client resolved with, and the `id_token` that you kept."""
        said = self._authorized("POST", "/v1/validate", json=proof)
        return Verdict(
            authenticated=_is_true(said["authenticated"]),
            service=said["service"],
            fallback_advised=_is_true(said.get("fallback_advised")),
            reason=said.get("reason"),
            correlation_id=said.get("correlation_id"),
            receipt=said.get("receipt"),
            receipt_salt=said.get("receipt_salt"),
        )

    def coverage(self) -> api.Coverage:
        """What each network can do."""
        coverage: api.Coverage = self._authorized("GET", "/v1/coverage")
        return coverage

    def _authorized(self, method: str, path: str, **content: Any) -> Any:
        """With the access token; one that is refused is replaced once."""
        # By the key a POST that comes again gets the same answer and does nothing twice.
        headers = {"idempotency-key": str(uuid.uuid4())} if method == "POST" else {}

        def ask(token: str) -> Any:
            authorized = headers | {"authorization": f"Bearer {token}"}
            return _repeat(lambda: self._send(method, path, headers=authorized, **content))

        token = self._access_token()
        try:
            return ask(token)
        except GatewayError as error:
            if error.status != 401:
                raise
        return ask(self._access_token(refused=token))

    def _access_token(self, refused: str = "") -> str:
        with self._sign_in:
            if time.time() >= self._until or self._token == refused:
                asked = time.time()
                form = {"grant_type": "client_credentials", "scope": self._scope}
                content: Mapping[str, Any] = {"data": form, "auth": self._credentials}
                answer: api.TokenAnswer = _repeat(lambda: self._send("POST", "/v1/oauth/token", **content))
                self._token = answer["access_token"]
                life = float(answer["expires_in"])
                self._until = asked + life - min(MARGIN, life / 10)
            return self._token

    def _send(self, method: str, path: str, **content: Any) -> Any:
        """One request; anything but 200 with JSON is raised."""
        response = answer = None
        try:
            response = self._http.request(method, path, **content)
            if response.status_code == 200:
                answer = response.json()
        except (httpx.HTTPError, ValueError):
            response = None
        # Raised here, so that nothing that quotes the address, and so an id_token, is its context.
        if response is None:
            raise GatewayError.unreachable()
        if response.status_code != 200:
            raise GatewayError.of(response)
        return answer


class _WithoutToken(logging.Filter):
    """httpx logs every address; one with an id_token in its query is a credential."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=None) if isinstance(arg, httpx.URL) and "id_token" in arg.params else arg
                for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutToken())


def _repeat(ask: Callable[[], Any]) -> Any:
    """Again where that is safe and time will help."""
    for tries in range(1, TRIES):
        try:
            return ask()
        except GatewayError as error:
            seconds = error.retry_after or random.uniform(0.1, 0.2) * 2**tries
            if not error.is_temporary or seconds > PATIENCE:
                raise
        time.sleep(seconds)
    return ask()


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
