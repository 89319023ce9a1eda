// The calls of a customer's backend. The types of the wire are generated from infra/openapi.yaml.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type * as wire from "./api.js";
import { GatewayError } from "./error.js";

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

/** Tries of a request that may be repeated. */
const TRIES = 3;
/** Seconds of `Retry-After` that are waited for; what takes longer is told to the caller. */
const PATIENCE = 5;
/** Seconds before its end that an access token is no longer used; a tenth of a life that is short. */
const MARGIN = 60;
const NO_CALLBACK = "Network does not support callback on redirect_uri";

interface Call {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams;
}

interface Token {
  text: Promise<string>;
  /** Unix milliseconds. */
  until: number;
}

/** One customer at one gateway; keep one for all requests, since it keeps the access token. */
export class Gateway {
  readonly #url: string;
  readonly #options: Options;
  #token: Token | undefined;

  constructor(options: Options) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#options = options;
  }

  /**
   * Begins a session. Keep the answer's `id_token` in your own session, and pass the answer on to the page.
   *
   * @throws GatewayError
   */
  async getConfig({ msisdn, clientIp, correlationId, redirectUri }: Question): Promise<wire.ConfigAnswer> {
    const form = new URLSearchParams({ msisdn, client_ip: clientIp });
    if (correlationId !== undefined) form.set("correlation_id", correlationId);
    if (redirectUri !== undefined) form.set("redirect_uri", redirectUri);
    const ask = () => this.#authorized<wire.ConfigAnswer>({ method: "POST", path: "/v1/get_config", body: form });
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GatewayError && error.body.error_description === NO_CALLBACK)) throw error;
      form.delete("redirect_uri");
      return ask();
    }
  }

  /**
   * Sends the code by SMS, for a page that must not ask the gateway itself. Never repeated: it may have been sent.
   *
   * @throws GatewayError; pass its `status`, `body` and `retryAfter` on to the page.
   */
  async sendCode(idToken: string): Promise<wire.SentCode> {
    const path = `/v1/authenticate/otp?${new URLSearchParams({ id_token: idToken })}`;
    return this.#send({ method: "GET", path });
  }

  /**
   * Is it proved? `proof` is what the page's client resolved with, and the `id_token` that you kept.
   *
   * @throws GatewayError
   */
  async validate(proof: wire.ValidateRequest): Promise<Verdict> {
    const headers = { "content-type": "application/json" };
    const call: Call = { method: "POST", path: "/v1/validate", headers, body: JSON.stringify(proof) };
    const said = await this.#authorized<wire.Verdict>(call);
    const isTrue = (value: unknown) => String(value) === "true";
    return { ...said, authenticated: isTrue(said.authenticated), fallback_advised: isTrue(said.fallback_advised) };
  }

  /** What each network can do. @throws GatewayError */
  coverage(): Promise<wire.Coverage> {
    return this.#authorized({ method: "GET", path: "/v1/coverage" });
  }

  /** With the access token; one that is refused is replaced once. */
  async #authorized<Answer>(call: Call): Promise<Answer> {
    // By the key a POST that comes again gets the same answer and does nothing twice.
    const headers = call.method === "POST" ? { ...call.headers, "idempotency-key": randomUUID() } : call.headers;
    const ask = (text: string) => this.#repeat<Answer>({ ...call, headers: { ...headers, authorization: `Bearer ${text}` } });
    const token = this.#accessToken();
    const text = await token.text;
    try {
      return await ask(text);
    } catch (error) {
      if (!(error instanceof GatewayError && error.status === 401)) throw error;
    }
    this.#drop(token);
    return ask(await this.#accessToken().text);
  }

  /** Many callers at once wait for one request; a failed one is not kept. */
  #accessToken(): Token {
    if (this.#token && Date.now() < this.#token.until) return this.#token;
    const fresh: Token = { until: Infinity, text: this.#signIn((until) => (fresh.until = until)) };
    fresh.text.catch(() => this.#drop(fresh));
    this.#token = fresh;
    return fresh;
  }

  /** Its successor, if another caller has already got one, stays. */
  #drop(token: Token): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #signIn(isGoodUntil: (time: number) => void): Promise<string> {
    const { clientId, clientSecret, scope = "authenticate otp" } = this.#options;
    const basic = [clientId, clientSecret].map(encodeURIComponent).join(":");
    const headers = { authorization: `Basic ${Buffer.from(basic).toString("base64")}` };
    const body = new URLSearchParams({ grant_type: "client_credentials", scope });
    const asked = Date.now();
    const answer = await this.#repeat<wire.TokenAnswer>({ method: "POST", path: "/v1/oauth/token", headers, body });
    const life = Number(answer.expires_in);
    isGoodUntil(asked + (life - Math.min(MARGIN, life / 10)) * 1000);
    return answer.access_token;
  }

  /** Again where that is safe and time will help. */
  async #repeat<Answer>(call: Call): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#send(call);
      } catch (error) {
        if (!(error instanceof GatewayError && error.isTemporary) || tries === TRIES) throw error;
        const seconds = error.retryAfter ?? (0.1 + Math.random() / 10) * 2 ** tries;
        if (seconds > PATIENCE) throw error;
        await pause(seconds * 1000);
      }
    }
  }

  /** One request; anything but 200 with JSON is thrown. */
  async #send<Answer>({ path, ...call }: Call): Promise<Answer> {
    const signal = AbortSignal.timeout(this.#options.timeout ?? 15_000);
    try {
      const response = await fetch(this.#url + path, { ...call, signal, redirect: "error" });
      if (response.status !== 200) throw await GatewayError.of(response);
      return (await response.json()) as Answer;
    } catch (error) {
      // What else was thrown stays behind: its text may quote the address, and so an id_token.
      throw error instanceof GatewayError ? error : GatewayError.unreachable();
    }
  }
}
