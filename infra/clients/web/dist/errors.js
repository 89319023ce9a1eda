export class AuthError extends Error {
    name = "AuthError";
    next;
    seconds;
    constructor(next, message, seconds = 0) {
        super(message);
        this.next = next;
        this.seconds = seconds;
    }
}
export const TOO_SOON = "OTP requested before Authenticate";
export function refusal(status, body, retryAfter) {
    const text = body.error_description ?? `HTTP ${status}`;
    const seconds = Number(retryAfter);
    if (seconds > 0)
        return new AuthError("wait", text, seconds);
    if (text === TOO_SOON)
        return new AuthError("wait", text, 5);
    if (status === 429 || text.startsWith("You have to wait"))
        return new AuthError("wait", text, 30);
    if (status >= 500)
        return new AuthError("try_later", text);
    const isOver = text.startsWith("The provided token") || text.startsWith("Exceeded");
    return new AuthError(isOver ? "start_again" : "fix", text);
}
