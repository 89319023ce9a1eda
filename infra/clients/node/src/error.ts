// What the gateway refused.

import type { Error as Wire } from "./api.js";

/** A refusal, or `unreachable` when no answer came. Its texts are the contract's, never a token or a number. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  /** HTTP; 0 when no answer came. */
  readonly status: number;
  /** `error` and `error_description` as they came; also what a page's client wants to see. */
  readonly body: Wire;
  /** Seconds, where time will help. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: Wire, retryAfter?: number) {
    super(`${status} ${body.error}: ${body.error_description}`);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** The same request may succeed a little later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** An error from whatever answered; a proxy's has no JSON of ours. */
  static async of(response: Response): Promise<GatewayError> {
    const json = (await response.json().catch(() => undefined)) as Partial<Wire> | undefined;
    const { error = "server_error", error_description = "The answer is not the gateway's" } = json ?? {};
    const seconds = Number(response.headers.get("retry-after"));
    return new GatewayError(response.status, { error, error_description }, seconds > 0 ? seconds : undefined);
  }

  static unreachable(): GatewayError {
    return new GatewayError(0, { error: "unreachable", error_description: "The gateway did not answer" });
  }
}
