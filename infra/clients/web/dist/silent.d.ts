import { type Config, type Proof } from "./wire.js";
export interface SilentOptions {
    /** Milliseconds for the page's own request. Default 15000; the operators' deadlines are below that. */
    timeout?: number;
    /** Ends the page's own request. */
    signal?: AbortSignal;
    /**
     * In an app, its own `fetch` over mobile data, which no browser's rules bind: it follows redirects to their end and keeps
     * cookies on the way. Its backend then asks `get_config` without `redirect_uri`.
     */
    appFetch?: typeof fetch;
}
/**
 * Proves the number without a code. Resolves with what the backend sends to validate; that may still say no.
 *
 * Where the page must leave, the promise stays open until it has left; `returned` on the page of `redirect_uri` goes on.
 * The backend keeps the `id_token` for that in its own session: no browser storage ever holds it.
 *
 * @throws AuthError `send_code` where it cannot be done; `signal.reason` when the caller gave up.
 */
export declare function silent(config: Config, options?: SilentOptions): Promise<Proof>;
/** What the page of `redirect_uri` got; its backend adds the `id_token` that it kept, and sends both to validate. */
export interface Returned {
    code: string;
    correlation_id?: string;
}
/**
 * To be called first on the page of `redirect_uri`: takes the code out of the address and out of the history.
 * `undefined` when nobody came back.
 *
 * @throws AuthError `send_code` when the gateway sent the handset back with an error. Validate with the `id_token`
 * alone tells the backend why.
 */
export declare function returned(): Returned | undefined;
