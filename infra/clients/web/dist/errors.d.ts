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
export declare class AuthError extends Error {
    readonly name = "AuthError";
    readonly next: Next;
    /** With `wait`: how many. */
    readonly seconds: number;
    constructor(next: Next, message: string, seconds?: number);
}
/** `{"error", "error_description"}` of the gateway. */
export interface WireError {
    error: string;
    error_description: string;
}
/** What the gateway says when a code is asked for within five seconds of a silent attempt. */
export declare const TOO_SOON = "OTP requested before Authenticate";
/** A refusal of `/v1/authenticate/otp` by its status, body and `Retry-After`. */
export declare function refusal(status: number, body: Partial<WireError>, retryAfter: string | null): AuthError;
