import type * as wire from "./api.js";
export interface Options {
    /** `https://host`, without `/v1`. */
    url: string;
    clientId: string;
    clientSecret: string;
    /** Default: both. */
    scope?: "authenticate" | "otp" | "authenticate otp";
    /** Milliseconds for one request. Default 15000; an operator may take 8 s. */
    timeout?: number;
}
export interface Question {
    /** E.164. */
    msisdn: string;
    /** The handset's address as your server sees it. */
    clientIp: string;
    /** Your own name for the sign-in, good for one session. */
    correlationId?: string;
    /** Where the flow shall end. Left out by itself for a network that cannot come back. */
    redirectUri?: string;
}
/** What came of it. Whether the scalars are quoted on the wire makes no difference here. */
export interface Verdict extends Omit<wire.Verdict, "authenticated" | "fallback_advised"> {
    authenticated: boolean;
    /** Go on with a code by SMS? */
    fallback_advised: boolean;
}
/** One customer at one gateway; keep one for all requests, since it keeps the access token. */
export declare class Gateway {
    #private;
    constructor(options: Options);
    /**
     * Begins a session. Keep the answer's `id_token` in your own session, and pass the answer on to the page.
     *
     * @throws GatewayError
     */
    getConfig({ msisdn, clientIp, correlationId, redirectUri }: Question): Promise<wire.ConfigAnswer>;
    /**
     * Sends the code by SMS, for a page that must not ask the gateway itself. Never repeated: it may have been sent.
     *
     * @throws GatewayError; pass its `status`, `body` and `retryAfter` on to the page.
     */
    sendCode(idToken: string): Promise<wire.SentCode>;
    /**
     * Is it proved? `proof` is what the page's client resolved with, and the `id_token` that you kept.
     *
     * @throws GatewayError
     */
    validate(proof: wire.ValidateRequest): Promise<Verdict>;
    /** What each network can do. @throws GatewayError */
    coverage(): Promise<wire.Coverage>;
}
