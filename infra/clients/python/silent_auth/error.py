"""What the gateway refused."""

import httpx

from . import api


class GatewayError(Exception):
    """A refusal, or `unreachable` when no answer came. Its texts are the contract's, never a token or a number.

    status: HTTP; 0 when no answer came.
    body: `error` and `error_description` as they came; also what a page's client wants to see.
    retry_after: seconds, where time will help.
    """

    def __init__(self, status: int, body: api.Error, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {body['error']}: {body['error_description']}")
        self.status = status
        self.body = body
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        """The same request may succeed a little later."""
        return self.status in (0, 429) or self.status >= 500

    @classmethod
    def of(cls, response: httpx.Response) -> "GatewayError":
        """An error from whatever answered; a proxy's has no JSON of ours."""
        body: api.Error = {"error": "server_error", "error_description": "The answer is not the gateway's"}
        try:
            said = response.json()
            body = {"error": str(said["error"]), "error_description": str(said["error_description"])}
        except (ValueError, KeyError, TypeError):
            pass
        try:
            retry_after = float(response.headers["retry-after"])
        except (ValueError, KeyError):
            retry_after = 0.0
        return cls(response.status_code, body, retry_after if retry_after > 0 else None)

    @classmethod
    def unreachable(cls) -> "GatewayError":
        return cls(0, {"error": "unreachable", "error_description": "The gateway did not answer"})
