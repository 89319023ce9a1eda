export class GatewayError extends Error {
    name = "GatewayError";
    status;
    body;
    retryAfter;
    constructor(status, body, retryAfter) {
        super(`${status} ${body.error}: ${body.error_description}`);
        this.status = status;
        this.body = body;
        this.retryAfter = retryAfter;
    }
    get isTemporary() {
        return this.status === 0 || this.status === 429 || this.status >= 500;
    }
    static async of(response) {
        const json = (await response.json().catch(() => undefined));
        const { error = "server_error", error_description = "The answer is not the gateway's" } = json ?? {};
        const seconds = Number(response.headers.get("retry-after"));
        return new GatewayError(response.status, { error, error_description }, seconds > 0 ? seconds : undefined);
    }
    static unreachable() {
        return new GatewayError(0, { error: "unreachable", error_description: "The gateway did not answer" });
    }
}
