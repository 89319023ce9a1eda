import { AuthError } from "./errors.js";
import { proof } from "./wire.js";
export async function silent(config, options = {}) {
    const plan = config.authorize;
    if (!plan || "error" in plan)
        throw impossible(plan?.error_description ?? "silent authentication was not asked for");
    if (!/^https?:\/\//.test(plan.authorization_uri))
        throw impossible("a page cannot open this address");
    if (options.appFetch || String(plan.ajax) === "true") {
        return proof(config, { payload: await ask(plan, options) });
    }
    if (Object.keys(plan.request_config.headers).length > 0)
        throw impossible("a page cannot leave with headers");
    if (!comesBack(config.id_token))
        throw impossible("the answer is for an app: no redirect_uri was asked for");
    return leave(plan);
}
export function returned() {
    const url = new URL(location.href);
    const [code, error, description, correlation_id] = ["code", "error", "error_description", "correlation_id"].map((name) => {
        const value = url.searchParams.get(name);
        url.searchParams.delete(name);
        return value;
    });
    if (!code && !error)
        return undefined;
    history.replaceState(history.state, "", url);
    if (!code)
        throw impossible(description || error || "");
    return correlation_id ? { code, correlation_id } : { code };
}
function impossible(why) {
    return new AuthError("send_code", why);
}
function request(plan) {
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
async function ask(plan, { timeout = 15_000, signal, appFetch }) {
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
            credentials: appFetch ? "include" : "omit",
            cache: "no-store",
            referrerPolicy: "no-referrer",
            signal: controller.signal,
        });
        const answer = await response.json();
        if (!response.ok)
            throw impossible(answer.error_description ?? `HTTP ${response.status}`);
        return typeof answer?.digital_request === "string" ? await present(answer.digital_request, signal) : answer;
    }
    catch (error) {
        signal?.throwIfAborted();
        throw error instanceof AuthError ? error : impossible(controller.signal.aborted ? "no answer in time" : "no JSON came");
    }
    finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
    }
}
async function present(digital, signal) {
    if (!("DigitalCredential" in globalThis))
        return { error: "NotSupportedError" };
    try {
        const options = { digital: JSON.parse(digital), signal };
        const credential = (await navigator.credentials.get(options));
        const { protocol, data } = credential;
        return { protocol, data: typeof data === "string" ? JSON.parse(data) : data };
    }
    catch (error) {
        signal?.throwIfAborted();
        return { error: error instanceof Error ? error.name : "UnknownError" };
    }
}
function leave(plan) {
    const [url, { method }] = request(plan);
    return new Promise((_, reject) => {
        addEventListener("pageshow", (event) => {
            if (event.persisted)
                reject(impossible("the person came back without an answer"));
        });
        if (method === "GET")
            return location.assign(url);
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
function comesBack(token) {
    try {
        const body = atob((token.split(".")[2] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
        return typeof JSON.parse(body.slice(0, -64)).redirect_uri === "string";
    }
    catch {
        return false;
    }
}
