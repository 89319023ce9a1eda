// The server client against a gateway that answers as told.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Gateway, GatewayError } from "@silent-auth/server";

const QUESTION = { msisdn: "+447700900620", clientIp: "148.252.128.20" };
const TOKEN = [200, { access_token: "v4.public.A", expires_in: "3600", token_type: "Bearer" }];
const CONFIG = [200, { expires_in: "600", id_token: "v4.public.I" }];
const DOWN = [503, { error: "temporarily_unavailable", error_description: "Service is unavailable" }, { "retry-after": "0.001" }];
const UNAUTHORIZED = [401, { error: "unauthorized_client", error_description: "Authentication required" }];

/** `answers` by path: lists, of which the last goes on; `[status, json, headers]`, or nothing for a broken connection. */
async function serve(t, answers, options) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      const path = request.url.split("?")[0];
      seen.push({ path, url: request.url, method: request.method, headers: request.headers, body });
      const list = { "/v1/oauth/token": [TOKEN], ...answers }[path];
      const answer = list.length > 1 ? list.shift() : list[0];
      if (!answer) return request.socket.destroy();
      const [status, json, headers] = answer;
      response.writeHead(status, headers).end(typeof json === "string" ? json : JSON.stringify(json));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => (server.closeAllConnections(), new Promise((done) => server.close(done))));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const gateway = new Gateway({ url, clientId: "demo shop", clientSecret: "s:1", ...options });
  return { gateway, seen, at: (path) => seen.filter((request) => request.path === path) };
}

test("get_config signs in once for many callers and asks with a form", async (t) => {
  const { gateway, at } = await serve(t, { "/v1/get_config": [CONFIG] });
  const all = [{}, { correlationId: "c1", redirectUri: "https://shop.example/cb" }].map((more) => gateway.getConfig({ ...QUESTION, ...more }));
  assert.deepEqual(await Promise.all(all), [CONFIG[1], CONFIG[1]]);
  const [token] = at("/v1/oauth/token");
  assert.equal(at("/v1/oauth/token").length, 1);
  assert.equal(Buffer.from(token.headers.authorization.slice(6), "base64").toString(), "demo%20shop:s%3A1");
  assert.equal(token.body, "grant_type=client_credentials&scope=authenticate+otp");
  const asked = at("/v1/get_config");
  assert.deepEqual(asked.map(({ headers }) => headers.authorization), ["Bearer v4.public.A", "Bearer v4.public.A"]);
  const form = "msisdn=%2B447700900620&client_ip=148.252.128.20";
  assert.deepEqual(asked.map(({ body }) => body).sort(), [form, `${form}&correlation_id=c1&redirect_uri=https%3A%2F%2Fshop.example%2Fcb`]);
  assert.notEqual(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
});

test("an access token is used until a minute before its end, or a tenth of a short life", async (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  for (const [expires_in, most] of [["3600", 3_539_000], [60, 53_000]]) {
    const token = [200, { ...TOKEN[1], expires_in }];
    const { gateway, at } = await serve(t, { "/v1/oauth/token": [token], "/v1/coverage": [[200, { countries: [] }]] });
    for (const [tick, tokens] of [[0, 1], [most, 1], [1_000, 2]]) {
      t.mock.timers.tick(tick);
      await gateway.coverage();
      assert.equal(at("/v1/oauth/token").length, tokens);
    }
  }
});

test("many callers whose access token is refused at once share its successor", async (t) => {
  const { gateway, at } = await serve(t, { "/v1/coverage": [[200, { countries: [] }]] });
  await gateway.coverage();
  // Each refusal arrives when another's successor is already there.
  const released = [];
  const real = globalThis.fetch;
  t.mock.method(globalThis, "fetch", async (url, call) => {
    if (!url.endsWith("/v1/coverage") || released.length === 3) return real(url, call);
    await new Promise((release) => released.push(release));
    return new Response(JSON.stringify(UNAUTHORIZED[1]), { status: 401 });
  });
  const all = [1, 2, 3].map(() => gateway.coverage());
  while (released.length < 3) await new Promise(setImmediate);
  for (const [index, release] of released.entries()) {
    release();
    await all[index];
  }
  assert.equal(at("/v1/oauth/token").length, 2);
});

test("a refused access token is replaced once, and a refused sign-in is not kept", async (t) => {
  const { gateway, at } = await serve(t, {
    "/v1/oauth/token": [UNAUTHORIZED, TOKEN],
    "/v1/validate": [UNAUTHORIZED, [200, { authenticated: "true", service: "otp" }], UNAUTHORIZED],
  });
  const proof = { id_token: "I", otp_code: "048213" };
  await assert.rejects(gateway.validate(proof), { name: "GatewayError", status: 401, body: UNAUTHORIZED[1] });
  assert.equal(at("/v1/validate").length, 0);
  assert.equal((await gateway.validate(proof)).authenticated, true);
  await assert.rejects(gateway.validate(proof), { status: 401 });
  assert.equal(at("/v1/validate").length, 4);
});

test("what may be repeated is repeated with the same key, and no oftener than thrice", async (t) => {
  for (const [answers, times] of [[[DOWN, undefined, CONFIG], 3], [[[429, {}, { "retry-after": "0.001" }], CONFIG], 2], [[[502, "<html>"], CONFIG], 2]]) {
    const { gateway, at } = await serve(t, { "/v1/get_config": answers });
    assert.deepEqual(await gateway.getConfig(QUESTION), CONFIG[1]);
    const keys = at("/v1/get_config").map(({ headers }) => headers["idempotency-key"]);
    assert.deepEqual([keys.length, new Set(keys).size], [times, 1]);
  }
  const { gateway, at } = await serve(t, { "/v1/get_config": [DOWN] });
  await assert.rejects(gateway.getConfig(QUESTION), { status: 503, retryAfter: 0.001, isTemporary: true });
  assert.equal(at("/v1/get_config").length, 3);
});

test("a long Retry-After is told and not waited for, and a bad request is not repeated", async (t) => {
  const slow = [429, { error: "slow_down", error_description: "Too many requests" }, { "retry-after": "60" }];
  const bad = [400, { error: "invalid_request", error_description: "The provided request is invalid" }];
  const { gateway, at } = await serve(t, { "/v1/get_config": [slow, bad] });
  await assert.rejects(gateway.getConfig(QUESTION), { status: 429, retryAfter: 60, body: slow[1] });
  await assert.rejects(gateway.getConfig(QUESTION), { status: 400, isTemporary: false, message: "400 invalid_request: The provided request is invalid" });
  assert.equal(at("/v1/get_config").length, 2);
});

test("a network that cannot come back is asked about without redirect_uri", async (t) => {
  const refused = [400, { error: "invalid_request", error_description: "Network does not support callback on redirect_uri" }];
  const { gateway, at } = await serve(t, { "/v1/get_config": [refused, CONFIG] });
  await gateway.getConfig({ ...QUESTION, redirectUri: "https://shop.example/cb" });
  const [first, second] = at("/v1/get_config");
  assert.deepEqual([first.body.includes("redirect_uri"), second.body.includes("redirect_uri")], [true, false]);
  assert.notEqual(first.headers["idempotency-key"], second.headers["idempotency-key"]);
});

test("a code is asked for once only, and its refusal is for the page", async (t) => {
  const sent = { session_id: "s", expires_in: "300", code_length: "6", resend_after: "30", attempts_left: "5" };
  const { gateway, seen } = await serve(t, { "/v1/authenticate/otp": [[200, sent], DOWN, undefined] });
  assert.deepEqual(await gateway.sendCode("v4.public.a&b"), sent);
  assert.equal(seen[0].url, "/v1/authenticate/otp?id_token=v4.public.a%26b");
  await assert.rejects(gateway.sendCode("I"), { status: 503, body: DOWN[1] });
  await assert.rejects(gateway.sendCode("I"), { status: 0, message: "0 unreachable: The gateway did not answer" });
  assert.equal(seen.length, 3);
});

test("a verdict is a boolean whatever the wire has", async (t) => {
  const no = { authenticated: "false", reason: "MISMATCH", fallback_advised: "true", service: "authenticate" };
  const { gateway } = await serve(t, { "/v1/validate": [[200, no], [200, { authenticated: true, service: "otp" }]] });
  assert.deepEqual(await gateway.validate({ id_token: "I" }), { ...no, authenticated: false, fallback_advised: true });
  assert.deepEqual(await gateway.validate({ id_token: "I" }), { authenticated: true, fallback_advised: false, service: "otp" });
});

test("a gateway that is silent or redirects is unreachable, and the error quotes nothing", async (t) => {
  const { gateway } = await serve(t, { "/v1/authenticate/otp": [[302, {}, { location: "https://evil.test/" }]] });
  const error = await gateway.sendCode("v4.public.secret").catch((error) => error);
  assert.ok(error instanceof GatewayError && error.status === 0);
  assert.ok(!`${error.stack}${error.cause}`.includes("v4.public"));
});
