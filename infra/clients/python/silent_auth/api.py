"""Generated from infra/openapi.yaml by datamodel-code-generator: `cargo xtask clients`."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class Error(TypedDict):
    error: str
    error_description: str


Token: TypeAlias = str
"""
A PASETO v4.public token; signed, not encrypted
"""


Number: TypeAlias = str | int
"""
Digits in quotes, or a JSON number
"""


Truth: TypeAlias = Literal['true', 'false', True, False]
"""
In quotes, or a JSON boolean
"""


Secret: TypeAlias = str
"""
At least 128 random bits, good for one validation
"""


CorrelationId: TypeAlias = str
"""
The customer's own name for the sign-in; each can be used for one session
"""


class TokenRequest(TypedDict):
    grant_type: Literal['client_credentials']
    scope: Literal['authenticate', 'otp', 'authenticate otp', 'otp authenticate', 'authenticate+otp', 'otp+authenticate', 'authenticate%2Botp', 'authenticate%20otp']
    """
    One or both, joined by a space; a `+`, `%2B` or `%20` that was encoded once more is taken for one
    """


class TokenAnswer(TypedDict):
    access_token: Token
    expires_in: Number
    """
    Seconds
    """
    token_type: Literal['Bearer']


class ConfigForm(TypedDict):
    msisdn: str
    """
    E.164. A missing `+`, and a space in its place, are repaired.
    """
    client_ip: str
    """
    The handset's address as the customer's backend saw it; a private or reserved one is refused
    """
    correlation_id: NotRequired[str]
    """
    The customer's own name for the sign-in; each can be used for one session
    """
    redirect_uri: NotRequired[str]
    """
    Where the flow shall end; one of the customer's list, exactly
    """


class ConfigJson(TypedDict):
    msisdn: str
    """
    E.164. A missing `+`, and a space in its place, are repaired.
    """
    client_ip: str
    """
    The handset's address as the customer's backend saw it; a private or reserved one is refused
    """
    correlation_id: NotRequired[str | None]
    redirect_uri: NotRequired[str | None]


class RequestConfig(TypedDict):
    headers: dict[str, str]
    parameters: dict[str, str]


class Authorize(TypedDict):
    ajax: Truth
    """
    Whether a page may call the URI with `fetch`
    """
    authorization_uri: str
    request_config: RequestConfig
    request_type: Literal['GET', 'POST']


class IdTokenForm(TypedDict):
    id_token: Token


class IdTokenJson(TypedDict):
    id_token: Token


class CallbackForm(TypedDict):
    state: str
    code: NotRequired[str]
    error: NotRequired[str]


class Proved(TypedDict):
    session_id: Secret


class SentCode(TypedDict):
    session_id: Secret
    expires_in: Number
    """
    Seconds until the code expires
    """
    code_length: Number
    """
    Digits
    """
    resend_after: Number
    """
    Seconds until another may be asked for
    """
    attempts_left: Number


class ValidateRequest(TypedDict):
    """
    One proof: `code`, `payload` or `otp_code`. `otp_code` may come along with the `payload` that the handset got when
    it asked for the code. Without any the reason of a silent attempt that has failed is told.

    """

    id_token: Token
    code: NotRequired[str | None]
    """
    From the redirect
    """
    payload: NotRequired[Any]
    """
    The JSON that the handset got, whole, or the text of it
    """
    otp_code: NotRequired[str | None]
    correlation_id: NotRequired[str | None]
    """
    That of the session, if it is sent
    """
    receipt: NotRequired[Literal['true', 'false', True, False, ''] | None]
    """
    Whether the answer shall bring a receipt, which can be shown to others later. With an `Idempotency-Key` the
    repeated request gets the same one

    """


class Verdict(TypedDict):
    authenticated: Truth
    """
    "true" leaves at most once a session
    """
    correlation_id: NotRequired[CorrelationId]
    fallback_advised: NotRequired[Truth]
    reason: NotRequired[Literal['MISMATCH', 'NOT_MOBILE_NETWORK', 'IP_NUMBER_NETWORK_MISMATCH', 'CONSENT_REQUIRED', 'USER_DENIED', 'SUBSCRIBER_UNKNOWN', 'NETWORK_UNSUPPORTED', 'OPERATOR_TIMEOUT', 'OPERATOR_ERROR', 'OPERATOR_RATE_LIMITED', 'CONFIG_ERROR', 'PROTOCOL_VIOLATION', 'EXPIRED', 'REPLAYED', 'WRONG_CODE', 'CODE_EXPIRED', 'ATTEMPTS_EXCEEDED', 'NOT_ATTEMPTED']]
    """
    Why not; for the backend, and never for the handset.

    | `reason` | What it means, and what to do |
    |---|---|
    | `MISMATCH` | The operator says that another SIM called: treat it as a wrong password. Whether a code is advised is the customer's policy. |
    | `NOT_MOBILE_NETWORK` | The handset was on Wi-Fi or behind a VPN: offer a code, or ask for mobile data and begin again. |
    | `IP_NUMBER_NETWORK_MISMATCH` | Another operator's mobile data, often the second SIM of the phone: offer a code. |
    | `CONSENT_REQUIRED`, `USER_DENIED` | The person has not agreed, or has refused, at the operator: offer a code. |
    | `SUBSCRIBER_UNKNOWN`, `NETWORK_UNSUPPORTED` | The operator cannot say for this SIM, such as one of a virtual operator: offer a code. |
    | `OPERATOR_TIMEOUT`, `OPERATOR_ERROR`, `OPERATOR_RATE_LIMITED` | The operator failed: offer a code. |
    | `CONFIG_ERROR` | The operator refuses this gateway or this customer: offer a code, and tell whoever runs the gateway. |
    | `PROTOCOL_VIOLATION`, `REPLAYED` | Somebody tampers, or the operator answered for another attempt: end the sign-in, with no code. |
    | `EXPIRED` | The handset took too long: offer a code. |
    | `NOT_ATTEMPTED` | Nothing has arrived for this proof yet: let the handset open the link, or send a code. |
    | `WRONG_CODE` | Let the person type it again. |
    | `CODE_EXPIRED` | Send another code. |
    | `ATTEMPTS_EXCEEDED` | End the sign-in; the person may begin again later. |

    """
    receipt: NotRequired[Token]
    """
    If it was asked for: this verdict, signed with the keys of `/v1/.well-known/paseto-keys` under the implicit
    assertion `receipt`, so that it passes for no other token. Its claims are `iss`, `iat`, `jti` (the session),
    `user_id` (the customer), `correlation_id`, `service`, `verdict` (`MATCH`, or the reason), `network` and
    `msisdn_hash`. It has no end, and can be checked for as long as its key is published, or with a copy of the
    keys of its time

    """
    receipt_salt: NotRequired[str]
    """
    Comes with the receipt: `msisdn_hash` is the HMAC-SHA-256, in hex digits, of the number with its `+` under this
    key. Who has it can find the number by trying all of them, so show it to nobody who may not know the number

    """
    service: Literal['authenticate', 'otp']


class Network(TypedDict):
    network: str
    """
    As `network` of the id_token
    """
    silent: Truth
    """
    Can the operator recognise the handset?
    """
    callback: Truth
    """
    May the flow end at a `redirect_uri`?
    """
    wifi: Truth
    """
    Does it work without mobile data too?
    """
    otp_only: Truth


class Country(TypedDict):
    country: str
    """
    ISO 3166-1
    """
    networks: list[Network]


class Coverage(TypedDict):
    countries: list[Country]


class Key(TypedDict):
    kid: str
    """
    As in a token's footer
    """
    paserk: str
    version: Literal['v4']
    purpose: Literal['public']


class PublicKeys(TypedDict):
    issuer: str
    keys: list[Key]


class ConfigAnswer(TypedDict):
    authorize: NotRequired[Authorize | Error]
    """
    What the handset must do, or why it cannot. Absent when the scope has no `authenticate`.
    """
    correlation_id: NotRequired[CorrelationId]
    expires_in: Number
    """
    Seconds
    """
    id_token: Token
    otp_authorization_uri: NotRequired[str]
    """
    Absent when the scope has no `otp`
    """
