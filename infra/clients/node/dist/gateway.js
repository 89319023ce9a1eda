import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "./error.js";
const TRIES = 3;
const PATIENCE = 5;
const MARGIN = 60;
const NO_CALLBACK = "Network does not support callback on redirect_uri";
export class Gateway {
    #url;
    #options;
    #token;
    constructor(options) {
        this.#url = options.url.replace(/\/+$/, "");
        this.#options = options;
    }
    async getConfig({ msisdn, clientIp, correlationId, redirectUri }) {
        const form = new URLSearchParams({ msisdn, client_ip: clientIp });
        if (correlationId !== undefined)
            form.set("correlation_id", correlationId);
        if (redirectUri !== undefined)
            form.set("redirect_uri", redirectUri);
        const ask = () => this.#authorized({ method: "POST", path: "/v1/get_config", body: form });
        try {
            return await ask();
        }
        catch (error) {
            if (!(error instanceof GatewayError && error.body.error_description === NO_CALLBACK))
                throw error;
            form.delete("redirect_uri");
            return ask();
        }
    }
    async sendCode(idToken) {
        const path = `/v1/authenticate/otp?${new URLSearchParams({ id_token: idToken })}`;
        return this.#send({ method: "GET", path });
    }
    async validate(proof) {
        const headers = { "content-type": "application/json" };
        const call = { method: "POST", path: "/v1/validate", headers, body: JSON.stringify(proof) };
        const said = await this.#authorized(call);
        const isTrue = (value) => String(value) === "true";
        return { ...said, authenticated: isTrue(said.authenticated), fallback_advised: isTrue(said.fallback_advised) };
    }
    coverage() {
        return this.#authorized({ method: "GET", path: "/v1/coverage" });
    }
    async #authorized(call) {
        const headers = call.method === "POST" ? { ...call.headers, "idempotency-key": randomUUID() } : call.headers;
        const ask = (text) => this.#repeat({ ...call, headers: { ...headers, authorization: `Bearer ${text}` } });
        const token = this.#accessToken();
        const text = await token.text;
        try {
            return await ask(text);
        }
        catch (error) {
            if (!(error instanceof GatewayError && error.status === 401))
                throw error;
        }
        this.#drop(token);
        return ask(await this.#accessToken().text);
    }
    #accessToken() {
        if (this.#token && Date.now() < this.#token.until)
            return this.#token;
        const fresh = { until: Infinity, text: this.#signIn((until) => (fresh.until = until)) };
        fresh.text.catch(() => this.#drop(fresh));
        this.#token = fresh;
        return fresh;
    }
    #drop(token) {
        if (this.#token === token)
            this.#token = undefined;
    }
    async #signIn(isGoodUntil) {
        const { clientId, clientSecret, scope = "authenticate otp" } = this.#options;
        const basic = [clientId, clientSecret].map(encodeURIComponent).join(":");
        const headers = { authorization: `Basic ${Buffer.from(basic).toString("base64")}` };
        const body = new URLSearchParams({ grant_type: "client_credentials", scope });
        const asked = Date.now();
        const answer = await this.#repeat({ method: "POST", path: "/v1/oauth/token", headers, body });
        const life = Number(answer.expires_in);
        isGoodUntil(asked + (life - Math.min(MARGIN, life / 10)) * 1000);
        return answer.access_token;
    }
    async #repeat(call) {
        for (let tries = 1;; tries++) {
            try {
                return await this.#send(call);
            }
            catch (error) {
                if (!(error instanceof GatewayError && error.isTemporary) || tries === TRIES)
                    throw error;
                const seconds = error.retryAfter ?? (0.1 + Math.random() / 10) * 2 ** tries;
                if (seconds > PATIENCE)
                    throw error;
                await pause(seconds * 1000);
            }
        }
    }
    async #send({ path, ...call }) {
        const signal = AbortSignal.timeout(this.#options.timeout ?? 15_000);
        try {
            const response = await fetch(this.#url + path, { ...call, signal, redirect: "error" });
            if (response.status !== 200)
                throw await GatewayError.of(response);
            return (await response.json());
        }
        catch (error) {
            throw error instanceof GatewayError ? error : GatewayError.unreachable();
        }
    }
}
