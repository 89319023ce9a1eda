// Silent authentication as `authorize` of get_config says: a request that the page makes, or a walk of the whole page
// through the operator and back to the customer's `redirect_uri`.

import { AuthError } from "./errors.js";
import { proof, type Authorize, type Config, type Proof } from "./wire.js";

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
export async function silent(config: Config, options: SilentOptions = {}): Promise<Proof> {
  const plan = config.authorize;
  if (!plan || "error" in plan) throw impossible(plan?.error_description ?? "silent authentication was not asked for");
  if (!/^https?:\/\//.test(plan.authorization_uri)) throw impossible("a page cannot open this address");
  if (options.appFetch || String(plan.ajax) === "true") {
    return proof(config, { payload: await ask(plan, options) });
  }
  if (Object.keys(plan.request_config.headers).length > 0) throw impossible("a page cannot leave with headers");
  if (!comesBack(config.id_token)) throw impossible("the answer is for an app: no redirect_uri was asked for");
  return leave(plan);
}

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
export function returned(): Returned | undefined {
  const url = new URL(location.href);
  const [code, error, description, correlation_id] = ["code", "error", "error_description", "correlation_id"].map((name) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  });
  if (!code && !error) return undefined;
  history.replaceState(history.state, "", url);
  if (!code) throw impossible(description || error || "");
  return correlation_id ? { code, correlation_id } : { code };
}

function impossible(why: string): AuthError {
  return new AuthError("send_code", why);
}

/** The request that `authorize` describes; parameters are a query, or a body of the type that the headers say. */
function request(plan: Authorize): [URL, RequestInit] {
  const url = new URL(plan.authorization_uri);
  const headers = new Headers(plan.request_config.headers);
  const parameters = new URLSearchParams(plan.request_config.parameters);
  if (plan.request_type !== "POST") {
    parameters.forEach((value, name) => url.searchParams.append(name, value));
    return [url, { method: "GET", headers }];
  }
  const isJson = headers.get("content-type")?.startsWith("application/json");
  return [url, { method: "POST", headers, body: isJson ? JSON.stringify(plan.request_config.parameters) : parameters }];
}

async function ask(plan: Authorize, { timeout = 15_000, signal, appFetch }: SilentOptions): Promise<unknown> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeout);
  signal?.addEventListener("abort", abort);
  try {
    const [url, init] = request(plan);
    const send = appFetch ?? fetch;
    const response = await send(url, {
      ...init,
      // Some networks know the handset again by a cookie of the gateway's; a page's answers allow none.
      credentials: appFetch ? "include" : "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      signal: controller.signal,
    });
    const answer = await response.json();
    if (!response.ok) throw impossible(answer.error_description ?? `HTTP ${response.status}`);
    return typeof answer?.digital_request === "string" ? await present(answer.digital_request, signal) : answer;
  } catch (error) {
    signal?.throwIfAborted();
    // Not what was thrown: its text may quote the address, and so the token.
    throw error instanceof AuthError ? error : impossible(controller.signal.aborted ? "no answer in time" : "no JSON came");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Hands the operator's request to the phone's wallet (W3C Digital Credentials). Validate is told of a failure, too. */
async function present(digital: string, signal?: AbortSignal): Promise<unknown> {
  if (!("DigitalCredential" in globalThis)) return { error: "NotSupportedError" };
  try {
    const options = { digital: JSON.parse(digital), signal } as CredentialRequestOptions;
    const credential = (await navigator.credentials.get(options)) as unknown as { protocol: string; data: unknown };
    const { protocol, data } = credential;
    return { protocol, data: typeof data === "string" ? JSON.parse(data) : data };
  } catch (error) {
    signal?.throwIfAborted();
    return { error: error instanceof Error ? error.name : "UnknownError" };
  }
}

/** Leaves the page. It comes back to this script only if the person goes back. */
function leave(plan: Authorize): Promise<never> {
  const [url, { method }] = request(plan);
  return new Promise((_, reject) => {
    addEventListener("pageshow", (event) => {
      if (event.persisted) reject(impossible("the person came back without an answer"));
    });
    if (method === "GET") return location.assign(url);
    const form = document.body.appendChild(document.createElement("form"));
    form.method = "post";
    form.action = url.href;
    for (const [name, value] of Object.entries(plan.request_config.parameters)) {
      const input = form.appendChild(document.createElement("input"));
      Object.assign(input, { type: "hidden", name, value });
    }
    form.submit();
  });
}

/**
 * Does the flow end at a page? The id_token says so (v4.public: claims as JSON, then 64 bytes of signature). Unverified, and
 * believed for nothing else: a wrong claim shows the person JSON.
 */
function comesBack(token: string): boolean {
  try {
    const body = atob((token.split(".")[2] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    return typeof JSON.parse(body.slice(0, -64)).redirect_uri === "string";
  } catch {
    return false;
  }
}
