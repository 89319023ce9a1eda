// The code by SMS: sending it, counting down, and taking it from the person or from the browser (WebOTP).

import { AuthError, refusal, TOO_SOON } from "./errors.js";
import { proof, type Config, type Proof, type SentCode } from "./wire.js";

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
export class CodeEntry {
  readonly #config: Config;
  readonly #options: CodeOptions;
  readonly #stopped = new AbortController();
  #listening = new AbortController();
  #sent = { codeLength: 0, expiresAt: 0, resendAt: 0, attemptsLeft: 0 };
  #tick: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | undefined;
  #waiting: ((code: string) => void) | undefined;
  /** The digits so far. They may come before their number is known, or before anyone waits for them. */
  #digits = "";

  constructor(config: Config, options: CodeOptions) {
    this.#config = config;
    this.#options = options;
    const { input } = options;
    if (!input) return;
    input.autocomplete = "one-time-code";
    input.inputMode = "numeric";
    input.addEventListener("input", () => this.typed(input.value), { signal: this.#stopped.signal });
  }

  get view(): View {
    const { codeLength, expiresAt, resendAt, attemptsLeft } = this.#sent;
    const until = (at: number) => Math.max(0, Math.ceil((at - Date.now()) / 1000));
    const isSending = this.#sending !== undefined;
    return { codeLength, expiresIn: until(expiresAt), isSending, resendIn: until(resendAt), attemptsLeft };
  }

  /**
   * Has a code sent, or another that replaces it; the field is emptied for it. Right after a silent attempt the gateway wants
   * a few seconds to pass; they are waited for. Called again before the answer is there, it asks no second time.
   *
   * @throws AuthError as `next` says; whatever the page's own `send` throws.
   */
  send(): Promise<void> {
    if (this.#sending) return this.#sending;
    this.#sending = this.#ask().finally(() => {
      this.#sending = undefined;
      this.#show();
    });
    this.#show();
    return this.#sending;
  }

  async #ask(): Promise<void> {
    this.#listen();
    this.#empty();
    for (let hasWaited = false; ; hasWaited = true) {
      const response = await this.#options.send();
      this.#stopped.signal.throwIfAborted();
      const body = await response.json().catch(() => ({}));
      if (response.ok) return this.#count(body);
      const refused = refusal(response.status, body, response.headers.get("retry-after"));
      if (hasWaited || body.error_description !== TOO_SOON || refused.seconds > 10) throw this.#hold(refused);
      await pause(refused.seconds * 1000, this.#stopped.signal);
    }
  }

  /** Resolves with the proof of the next whole code, typed or found by the browser. Rejects when the entry is stopped. */
  code(): Promise<Proof> {
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

  /** What the person typed or pasted; anything but a whole code is waited out. For a page without `input`. */
  typed(text: string): void {
    this.#digits = text.replace(/\D/g, "");
    this.#take();
  }

  /** Validate said no: one attempt less, and an empty field. */
  wrong(): void {
    this.#sent.attemptsLeft = Math.max(0, this.#sent.attemptsLeft - 1);
    this.#empty();
    this.#options.input?.focus();
    this.#show();
  }

  stop(): void {
    this.#stopped.abort();
    this.#listening.abort();
    clearTimeout(this.#tick);
  }

  #empty(): void {
    this.#digits = "";
    if (this.#options.input) this.#options.input.value = "";
  }

  #take(): void {
    if (this.#digits && this.#digits.length === this.#sent.codeLength) this.#waiting?.(this.#digits);
  }

  #count(sent: SentCode): void {
    const now = Date.now();
    const at = (seconds: number | string) => now + Number(seconds) * 1000;
    this.#sent = {
      codeLength: Number(sent.code_length),
      expiresAt: at(sent.expires_in),
      resendAt: at(sent.resend_after),
      attemptsLeft: Number(sent.attempts_left),
    };
    this.#take();
  }

  /** A refusal that time will help keeps the page from asking again before that. */
  #hold(refused: AuthError): AuthError {
    if (refused.next === "wait") this.#sent.resendAt = Date.now() + refused.seconds * 1000;
    return refused;
  }

  #show(): void {
    if (this.#stopped.signal.aborted) return;
    const { view } = this;
    this.#options.onChange?.(view);
    clearTimeout(this.#tick);
    const counts = this.#options.onChange && (view.expiresIn > 0 || view.resendIn > 0);
    if (counts) this.#tick = setTimeout(() => this.#show(), 1000);
  }

  /** Asks the browser for the code of the SMS that is about to come; whoever declines, types. */
  #listen(): void {
    this.#stopped.signal.throwIfAborted();
    this.#listening.abort();
    this.#listening = new AbortController();
    if (!("OTPCredential" in globalThis)) return;
    const options = { otp: { transport: ["sms"] }, signal: this.#listening.signal } as CredentialRequestOptions;
    const found = navigator.credentials.get(options) as Promise<{ code: string } | null>;
    found.then((otp) => otp && this.#found(otp.code)).catch(() => undefined);
  }

  #found(code: string): void {
    if (this.#options.input) this.#options.input.value = code;
    this.typed(code);
  }
}

/** @throws the signal's reason when it ends before. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
