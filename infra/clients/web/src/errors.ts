// Why a proof was not to be had, and what the page can do about it.

/**
 * What to do next:
 * - `send_code`: go on with a code by SMS, or say that the number cannot be proved;
 * - `wait`: the same again after `seconds`;
 * - `start_again`: the session is over or used up; the backend asks `get_config` again;
 * - `try_later`: the gateway, or the way to it, is down;
 * - `fix`: the backend or the page asks for what it may not have; the message says what.
 */
export type Next = "send_code" | "wait" | "start_again" | "try_later" | "fix";

/** The one error that this package makes. It holds no token and no number. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly next: Next;
  /** With `wait`: how many. */
  readonly seconds: number;

  constructor(next: Next, message: string, seconds = 0) {
    super(message);
    this.next = next;
    this.seconds = seconds;
  }
}

/** `{"error", "error_description"}` of the gateway. */
export interface WireError {
  error: string;
  error_description: string;
}

/** What the gateway says when a code is asked for within five seconds of a silent attempt. */
export const TOO_SOON = "OTP requested before Authenticate";

/** A refusal of `/v1/authenticate/otp` by its status, body and `Retry-After`. */
export function refusal(status: number, body: Partial<WireError>, retryAfter: string | null): AuthError {
  const text = body.error_description ?? `HTTP ${status}`;
  const seconds = Number(retryAfter);
  if (seconds > 0) return new AuthError("wait", text, seconds);
  if (text === TOO_SOON) return new AuthError("wait", text, 5);
  if (status === 429 || text.startsWith("You have to wait")) return new AuthError("wait", text, 30);
  if (status >= 500) return new AuthError("try_later", text);
  const isOver = text.startsWith("The provided token") || text.startsWith("Exceeded");
  return new AuthError(isOver ? "start_again" : "fix", text);
}
