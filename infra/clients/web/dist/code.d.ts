import { type Config, type Proof } from "./wire.js";
/** What a page shows. Seconds are rounded up. */
export interface View {
    /** Digits; 0 until a code was sent. */
    codeLength: number;
    /** 0: the code is no longer good. */
    expiresIn: number;
    /** The answer to `send` is awaited: offer no other. */
    isSending: boolean;
    /** 0: another may be sent. */
    resendIn: number;
    /** Guesses at this code. */
    attemptsLeft: number;
}
export interface CodeOptions {
    /**
     * Has the code sent: `() => fetch("/sms", { method: "POST" })`. The page's own backend asks `otp_authorization_uri` and
     * passes on status, JSON and `Retry-After`, since no other origin may read the gateway's answer. An app asks itself.
     */
    send: () => Promise<Response>;
    /** The field for the code; made ready for numeric keyboards and autofill. */
    input?: HTMLInputElement;
    /** Called with every change, at least each second while something counts down. */
    onChange?: (view: View) => void;
}
/** One session's entry of codes. `stop()` it when the page is done. */
export declare class CodeEntry {
    #private;
    constructor(config: Config, options: CodeOptions);
    get view(): View;
    /**
     * Has a code sent, or another that replaces it; the field is emptied for it. Right after a silent attempt the gateway wants
     * a few seconds to pass; they are waited for. Called again before the answer is there, it asks no second time.
     *
     * @throws AuthError as `next` says; whatever the page's own `send` throws.
     */
    send(): Promise<void>;
    /** Resolves with the proof of the next whole code, typed or found by the browser. Rejects when the entry is stopped. */
    code(): Promise<Proof>;
    /** What the person typed or pasted; anything but a whole code is waited out. For a page without `input`. */
    typed(text: string): void;
    /** Validate said no: one attempt less, and an empty field. */
    wrong(): void;
    stop(): void;
}
