// The clients together against a running gateway and its sandbox, whose gateway.json is GATEWAY_JSON. PYTHONPATH has httpx.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Gateway } from "../node/dist/index.js";
import { CodeEntry, silent } from "../web/dist/index.js";
import { fetchFrom } from "./handset.js";

const { url, sandbox, customer, devices } = JSON.parse(readFileSync(process.env.GATEWAY_JSON));
const { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri } = customer;
const gateway = new Gateway({ url, clientId, clientSecret });

async function begin(msisdn, more) {
  const device = devices.find((device) => device.msisdn === msisdn);
  const config = await gateway.getConfig({ msisdn, clientIp: device.client_ip, ...more });
  return { device, config, options: { appFetch: fetchFrom(device.source_ip) } };
}

/** The newest code that the number got. */
async function inbox(msisdn) {
  const messages = await (await fetch(`${sandbox}/inbox/${msisdn.slice(1)}`)).json();
  return messages[0].text.match(/\d{6}/)[0];
}

/** What a customer's backend answers its page, with what the gateway has told it. */
async function passedOn(told) {
  const answer = told.then((body) => [200, body, {}]);
  const [status, body, headers] = await answer.catch(({ status, body, retryAfter }) => [status, body, retryAfter ? { "retry-after": `${retryAfter}` } : {}]);
  return new Response(JSON.stringify(body), { status, headers });
}

const other = (code) => (code === "000000" ? "111111" : "000000");

for (const [msisdn, outcome] of [
  ["+447700900620", true],
  ["+447700900621", "MISMATCH"],
  ["+447700900920", true],
  ["+8613900000020", true],
  ["+8618600000020", true],
  ["+94771234520", true],
]) {
  test(`silently, ${msisdn}: ${outcome}`, async () => {
    const { config, options } = await begin(msisdn);
    const proof = await silent(config, options).catch(({ next }) => (assert.equal(next, "send_code"), { id_token: config.id_token }));
    const { authenticated, reason = authenticated } = await gateway.validate(proof);
    assert.equal(reason, outcome);
  });
}

test("the wallet's credential proves the number", async (t) => {
  const { device, config, options } = await begin("+6281112345620");
  const ask = async ({ digital }) => {
    const headers = { "content-type": "application/json" };
    const answer = await options.appFetch(device.wallet, { method: "POST", headers, body: JSON.stringify(digital) });
    return { protocol: digital.requests[0].protocol, data: await answer.json() };
  };
  globalThis.DigitalCredential = class {};
  Object.defineProperty(globalThis, "navigator", { value: { credentials: { get: ask } }, configurable: true });
  t.after(() => delete globalThis.DigitalCredential);
  assert.equal((await gateway.validate(await silent(config, options))).authenticated, true);
});

test("a network that cannot come back is asked by the page although the customer has a return page", async () => {
  const { config, options } = await begin("+8613900000020", { redirectUri });
  assert.equal((await gateway.validate(await silent(config, options))).authenticated, true);
});

test("on Wi-Fi the code follows as soon as it may; a wrong one costs an attempt", async (t) => {
  const { config, options } = await begin("+447700900622");
  await assert.rejects(silent(config, options), { next: "send_code" });
  assert.equal((await gateway.validate({ id_token: config.id_token })).fallback_advised, true);
  const entry = new CodeEntry(config, { send: () => passedOn(gateway.sendCode(config.id_token)) });
  t.after(() => entry.stop());
  await entry.send();
  const right = await inbox("+447700900622");
  entry.typed(other(right));
  assert.deepEqual({ ...(await gateway.validate(await entry.code())) }, { authenticated: false, fallback_advised: true, reason: "WRONG_CODE", service: "otp" });
  entry.wrong();
  entry.typed(right);
  assert.equal((await gateway.validate(await entry.code())).authenticated, true);
  await assert.rejects(entry.send(), { name: "AuthError", next: "start_again" });
});

test("the guide's backend and its page prove a number by the second code that is typed", async () => {
  const guide = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
  const [backend, page] = [...guide.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code.replace(/^import .*$/m, ""));
  const run = (code, known) => new (async () => {}).constructor(...Object.keys(known), code)(...Object.values(known));
  const paths = await run(`${backend}\nreturn paths;`, { Gateway, url, clientId, clientSecret, redirectUri });
  const { msisdn, client_ip } = devices.find((device) => device.msisdn === "+447700900948");
  const session = {};
  const post = (path, body) => passedOn(paths[path](body, session, client_ip));
  const input = Object.assign(new EventTarget(), { value: "", focus() {} });
  const tries = [];
  const show = async ({ attemptsLeft }) => {
    if (!attemptsLeft || tries.includes(attemptsLeft)) return;
    tries.push(attemptsLeft);
    const right = await inbox(msisdn);
    input.value = tries.length === 1 ? other(right) : right;
    input.dispatchEvent(new Event("input"));
  };
  const proved = await run(`${page}\nreturn authenticated;`, { CodeEntry, silent, msisdn, post, show, document: { querySelector: () => input } });
  assert.ok(proved);
  assert.deepEqual(tries, [5, 4]);
});

test("the guide's webhook takes an event of the gateway, and no other token", async () => {
  const guide = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  const [, code] = guide.match(/^```js\n(.*?)^```/ms);
  const known = { url, clientId, createPublicKey, verify };
  const run = new (async () => {}).constructor(...Object.keys(known), `${code.replace(/^import .*$/m, "")}\nreturn verifyEvent;`);
  const verifyEvent = await run(...Object.values(known));
  const correlationId = randomUUID();
  const { config } = await begin("+447700900999", { correlationId });
  await gateway.sendCode(config.id_token);
  const otpCode = await inbox("+447700900999");
  assert.equal((await gateway.validate({ id_token: config.id_token, otp_code: otpCode })).authenticated, true);
  const received = async () => (await (await fetch(`${sandbox}/webhooks`)).json()).filter((event) => event.correlation_id === correlationId);
  const until = Date.now() + 20_000;
  let found = [];
  while (found.length === 0 && Date.now() < until) found = await received();
  assert.equal(found.length, 1);
  const { service, verdict, user_id: user } = verifyEvent(found[0].token);
  assert.deepEqual([service, verdict, user], ["otp", "MATCH", clientId]);
  assert.throws(() => verifyEvent(config.id_token), /not the gateway's/);
});

for (const [program, folder, file] of [
  [process.execPath, "node", "example.js"],
  ["python3", "python", "example.py"],
]) {
  test(`${folder}/${file} proves a number by the code that is typed`, async () => {
    const { msisdn, client_ip } = devices.find((device) => device.msisdn === "+447700900999");
    const env = { ...process.env, GATEWAY_URL: url, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, PYTHONDONTWRITEBYTECODE: "1" };
    const cwd = new URL(`../${folder}`, import.meta.url);
    const child = spawn(program, [file, msisdn, client_ip], { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    for await (const part of child.stdout) {
      said += part;
      if (said.endsWith("digits: ")) child.stdin.write(`${await inbox(msisdn)}\n`);
    }
    assert.match(said, /It is theirs\.\s*$/);
  });
}
