import { AuthError, refusal, TOO_SOON } from "./errors.js";
import { proof } from "./wire.js";
export class CodeEntry {
    #config;
    #options;
    #stopped = new AbortController();
    #listening = new AbortController();
    #sent = { codeLength: 0, expiresAt: 0, resendAt: 0, attemptsLeft: 0 };
    #tick;
    #sending;
    #waiting;
    #digits = "";
    constructor(config, options) {
        this.#config = config;
        this.#options = options;
        const { input } = options;
        if (!input)
            return;
        input.autocomplete = "one-time-code";
        input.inputMode = "numeric";
        input.addEventListener("input", () => this.typed(input.value), { signal: this.#stopped.signal });
    }
    get view() {
        const { codeLength, expiresAt, resendAt, attemptsLeft } = this.#sent;
        const until = (at) => Math.max(0, Math.ceil((at - Date.now()) / 1000));
        const isSending = this.#sending !== undefined;
        return { codeLength, expiresIn: until(expiresAt), isSending, resendIn: until(resendAt), attemptsLeft };
    }
    send() {
        if (this.#sending)
            return this.#sending;
        this.#sending = this.#ask().finally(() => {
            this.#sending = undefined;
            this.#show();
        });
        this.#show();
        return this.#sending;
    }
    async #ask() {
        this.#listen();
        this.#empty();
        for (let hasWaited = false;; hasWaited = true) {
            const response = await this.#options.send();
            this.#stopped.signal.throwIfAborted();
            const body = await response.json().catch(() => ({}));
            if (response.ok)
                return this.#count(body);
            const refused = refusal(response.status, body, response.headers.get("retry-after"));
            if (hasWaited || body.error_description !== TOO_SOON || refused.seconds > 10)
                throw this.#hold(refused);
            await pause(refused.seconds * 1000, this.#stopped.signal);
        }
    }
    code() {
        const { signal } = this.#stopped;
        return new Promise((resolve, reject) => {
            signal.throwIfAborted();
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            this.#waiting = (otp_code) => {
                this.#waiting = undefined;
                this.#digits = "";
                resolve(proof(this.#config, { otp_code }));
            };
            this.#take();
        });
    }
    typed(text) {
        this.#digits = text.replace(/\D/g, "");
        this.#take();
    }
    wrong() {
        this.#sent.attemptsLeft = Math.max(0, this.#sent.attemptsLeft - 1);
        this.#empty();
        this.#options.input?.focus();
        this.#show();
    }
    stop() {
        this.#stopped.abort();
        this.#listening.abort();
        clearTimeout(this.#tick);
    }
    #empty() {
        this.#digits = "";
        if (this.#options.input)
            this.#options.input.value = "";
    }
    #take() {
        if (this.#digits && this.#digits.length === this.#sent.codeLength)
            this.#waiting?.(this.#digits);
    }
    #count(sent) {
        const now = Date.now();
        const at = (seconds) => now + Number(seconds) * 1000;
        this.#sent = {
            codeLength: Number(sent.code_length),
            expiresAt: at(sent.expires_in),
            resendAt: at(sent.resend_after),
            attemptsLeft: Number(sent.attempts_left),
        };
        this.#take();
    }
    #hold(refused) {
        if (refused.next === "wait")
            this.#sent.resendAt = Date.now() + refused.seconds * 1000;
        return refused;
    }
    #show() {
        if (this.#stopped.signal.aborted)
            return;
        const { view } = this;
        this.#options.onChange?.(view);
        clearTimeout(this.#tick);
        const counts = this.#options.onChange && (view.expiresIn > 0 || view.resendIn > 0);
        if (counts)
            this.#tick = setTimeout(() => this.#show(), 1000);
    }
    #listen() {
        this.#stopped.signal.throwIfAborted();
        this.#listening.abort();
        this.#listening = new AbortController();
        if (!("OTPCredential" in globalThis))
            return;
        const options = { otp: { transport: ["sms"] }, signal: this.#listening.signal };
        const found = navigator.credentials.get(options);
        found.then((otp) => otp && this.#found(otp.code)).catch(() => undefined);
    }
    #found(code) {
        if (this.#options.input)
            this.#options.input.value = code;
        this.typed(code);
    }
}
function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, milliseconds);
        signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
    });
}
