// Silent authentication by the page's own request, and by leaving the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { returned, silent } from "@silent-auth/web";
import { config, gateway, pretend, token } from "./page.js";

const sendCode = (message) => ({ name: "AuthError", next: "send_code", message });

test("what the operator answers a page is the payload, whole, in either spelling of ajax", async (t) => {
  const { url, requests } = await gateway(t, () => [200, { code: "0", token: "T1" }]);
  for (const ajax of ["true", true]) {
    const asked = config({ ajax, authorization_uri: `${url}/api?v=1`, request_config: { headers: { "x-sdk": "3" }, parameters: { appid: "a b" } } });
    const { id_token } = asked;
    assert.deepEqual(await silent(asked), { id_token, payload: { code: "0", token: "T1" } });
  }
  assert.equal(requests[0].url, "/api?v=1&appid=a+b");
  assert.equal(requests[0].headers["x-sdk"], "3");
  assert.equal(requests[0].headers.cookie, undefined);
  assert.equal(requests[0].headers.referer, undefined);
});

test("parameters of a POST are a form, or JSON where the headers say so", async (t) => {
  const { url, requests } = await gateway(t, () => [200, {}]);
  for (const headers of [{}, { "Content-Type": "application/json" }]) {
    const request_config = { headers, parameters: { appId: "a b", msgId: "1" } };
    await silent(config({ authorization_uri: url, request_type: "POST", request_config }));
  }
  const seen = requests.map(({ method, headers, body }) => [method, headers["content-type"], body]);
  assert.deepEqual(seen, [
    ["POST", "application/x-www-form-urlencoded;charset=UTF-8", "appId=a+b&msgId=1"],
    ["POST", "application/json", '{"appId":"a b","msgId":"1"}'],
  ]);
});

test("a correlation id goes along to validate", async (t) => {
  const { url } = await gateway(t, () => [200, { session_id: "s" }]);
  const asked = config({ authorization_uri: url }, { correlation_id: "c1" });
  assert.deepEqual(await silent(asked), { id_token: asked.id_token, correlation_id: "c1", payload: { session_id: "s" } });
});

test("where it is not offered the code is next, without a request", async () => {
  const error = { error: "invalid_request", error_description: "Network provided is invalid" };
  await assert.rejects(silent({ id_token: token({}), authorize: error }), sendCode("Network provided is invalid"));
  await assert.rejects(silent({ id_token: token({}) }), sendCode("silent authentication was not asked for"));
  await assert.rejects(silent(config({ authorization_uri: "javascript:alert(1)" })), sendCode("a page cannot open this address"));
});

test("a refusal, an answer that is no JSON, and no gateway at all lead to the code", async (t) => {
  const denied = { error: "access_denied", error_description: "The phone number could not be authenticated." };
  const { url } = await gateway(t, ({ url }) => (url === "/html" ? [200, "<html>"] : [400, denied]));
  await assert.rejects(silent(config({ authorization_uri: url })), sendCode(denied.error_description));
  await assert.rejects(silent(config({ authorization_uri: `${url}/html` })), sendCode("no JSON came"));
  await assert.rejects(silent(config({ authorization_uri: "http://127.0.0.1:1/" })), sendCode("no JSON came"));
});

test("an operator that does not answer is given up, and so is one that the caller no longer wants", async (t) => {
  const { url, requests } = await gateway(t, () => []);
  await assert.rejects(silent(config({ authorization_uri: url }), { timeout: 1 }), sendCode("no answer in time"));
  const caller = new AbortController();
  const waiting = silent(config({ authorization_uri: url }), { signal: caller.signal });
  caller.abort(new Error("the person left"));
  await assert.rejects(waiting, { message: "the person left" });
  const before = requests.length;
  await assert.rejects(silent(config({ authorization_uri: url }), { signal: caller.signal }), { message: "the person left" });
  assert.equal(requests.length, before);
});

test("an app follows the redirects itself where a page would have to leave", async (t) => {
  const { url } = await gateway(t, ({ url }) => (url === "/end" ? [200, { session_id: "s" }] : [302, {}, { location: "/end" }]));
  const asked = config({ ajax: "false", authorization_uri: url });
  assert.deepEqual((await silent(asked, { appFetch: fetch })).payload, { session_id: "s" });
});

test("a request for a digital credential goes to the wallet, and a failure there to validate", async (t) => {
  const { url } = await gateway(t, () => [200, { digital_request: '{"requests":[{"protocol":"openid4vp-v1-unsigned"}]}' }]);
  const asked = config({ authorization_uri: url });
  assert.deepEqual((await silent(asked)).payload, { error: "NotSupportedError" });
  pretend(t, "DigitalCredential", class {});
  let answer = async ({ digital }) => ({ ...digital.requests[0], data: { vp_token: { gateway: ["a~b"] } } });
  pretend(t, "navigator", { credentials: { get: (options) => answer(options) } });
  const presented = { protocol: "openid4vp-v1-unsigned", data: { vp_token: { gateway: ["a~b"] } } };
  assert.deepEqual((await silent(asked)).payload, presented);
  answer = async () => ({ protocol: "openid4vp-v1-unsigned", data: JSON.stringify(presented.data) });
  assert.deepEqual((await silent(asked)).payload, presented);
  answer = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  assert.deepEqual((await silent(asked)).payload, { error: "NotAllowedError" });
  const caller = new AbortController();
  answer = ({ signal }) => (caller.abort(new Error("the person left")), Promise.reject(signal.reason));
  await assert.rejects(silent(asked, { signal: caller.signal }), { message: "the person left" });
});

/** The person's way out of the page, and back. */
function browser(t) {
  const page = { left: [], onshow: undefined };
  pretend(t, "location", { assign: (url) => page.left.push(url.href) });
  pretend(t, "addEventListener", (_, listener) => (page.onshow = listener));
  return page;
}

test("the page leaves for the operator where the flow ends at a redirect_uri, and nowhere else", async (t) => {
  const page = browser(t);
  const leaving = (more, claims = { redirect_uri: "https://shop.example/cb", name: "é" }) =>
    silent(config({ ajax: "false", authorization_uri: "https://gateway.example/v1/authenticate?id_token=T", ...more }, { id_token: token(claims) }));
  const left = leaving({});
  assert.deepEqual(page.left, ["https://gateway.example/v1/authenticate?id_token=T"]);
  page.onshow({ persisted: false });
  page.onshow({ persisted: true });
  await assert.rejects(left, sendCode("the person came back without an answer"));
  const headers = { headers: { "x-sdk": "1" }, parameters: {} };
  await assert.rejects(leaving({ request_config: headers }), sendCode("a page cannot leave with headers"));
  await assert.rejects(leaving({}, {}), sendCode("the answer is for an app: no redirect_uri was asked for"));
  assert.equal(page.left.length, 1);
});

test("a POST leaves as a form", (t) => {
  browser(t);
  const made = [];
  const element = (kind) => (made.push({ kind, appendChild: (child) => child, submit() { this.sent = true; } }), made.at(-1));
  pretend(t, "document", { createElement: element, body: { appendChild: (child) => child } });
  const request_config = { headers: {}, parameters: { a: "1" } };
  void silent(config({ ajax: false, authorization_uri: "https://o.example/in", request_type: "POST", request_config }, { id_token: token({ redirect_uri: "https://shop.example/" }) }));
  const [form, input] = made;
  assert.deepEqual([form.method, form.action, form.sent], ["post", "https://o.example/in", true]);
  assert.deepEqual([input.type, input.name, input.value], ["hidden", "a", "1"]);
});

test("the return page takes what came out of its address at once", (t) => {
  const shown = [];
  pretend(t, "history", { state: { page: 1 }, replaceState: (state, _, url) => shown.push([state, url.href]) });
  const at = (query) => pretend(t, "location", { href: `https://shop.example/cb${query}` });
  at("?lang=de");
  assert.equal(returned(), undefined);
  assert.deepEqual(shown, []);
  at("?lang=de&code=64a5&correlation_id=c1#top");
  assert.deepEqual(returned(), { code: "64a5", correlation_id: "c1" });
  at("?code=64a5");
  assert.deepEqual(returned(), { code: "64a5" });
  at("?error=access_denied&error_description=No.&correlation_id=c1");
  assert.throws(returned, sendCode("No."));
  const clean = [[{ page: 1 }, "https://shop.example/cb?lang=de#top"], [{ page: 1 }, "https://shop.example/cb"], [{ page: 1 }, "https://shop.example/cb"]];
  assert.deepEqual(shown, clean);
});
