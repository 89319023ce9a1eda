import type { Error as Wire } from "./api.js";
/** A refusal, or `unreachable` when no answer came. Its texts are the contract's, never a token or a number. */
export declare class GatewayError extends Error {
    readonly name = "GatewayError";
    /** HTTP; 0 when no answer came. */
    readonly status: number;
    /** `error` and `error_description` as they came; also what a page's client wants to see. */
    readonly body: Wire;
    /** Seconds, where time will help. */
    readonly retryAfter: number | undefined;
    constructor(status: number, body: Wire, retryAfter?: number);
    /** The same request may succeed a little later. */
    get isTemporary(): boolean;
    /** An error from whatever answered; a proxy's has no JSON of ours. */
    static of(response: Response): Promise<GatewayError>;
    static unreachable(): GatewayError;
}
