// The code by SMS: sending, counting, typing, and finding it by WebOTP.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CodeEntry } from "@silent-auth/web";
import { gateway, pretend } from "./page.js";

const SENT = { session_id: "s", expires_in: "300", code_length: "6", resend_after: "30", attempts_left: "5" };
const CONFIG = { id_token: "T", correlation_id: "c1" };
const TOO_SOON = { error: "invalid scope", error_description: "OTP requested before Authenticate" };

class Field extends EventTarget {
  value = "";
  focus() {
    this.focused = true;
  }
  type(text) {
    this.value = text;
    this.dispatchEvent(new Event("input"));
  }
}

async function entry(t, answer, options = {}) {
  const { url, requests } = await gateway(t, answer);
  const made = new CodeEntry(CONFIG, { send: () => fetch(url), ...options });
  t.after(() => made.stop());
  return { made, requests };
}

test("the field is made ready, and a typed code becomes the proof", async (t) => {
  const input = new Field();
  const { made } = await entry(t, () => [200, SENT], { input });
  assert.deepEqual([input.autocomplete, input.inputMode], ["one-time-code", "numeric"]);
  await made.send();
  const code = made.code();
  for (const text of ["0", "04821", "0482133", "048 213"]) input.type(text);
  assert.deepEqual(await code, { id_token: "T", correlation_id: "c1", otp_code: "048213" });
});

test("scalars are read quoted and native, and the view counts down", async (t) => {
  const native = { expires_in: 300, code_length: 6, resend_after: 30, attempts_left: 5 };
  for (const answer of [SENT, native]) {
    t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    const { made } = await entry(t, () => [200, answer]);
    assert.deepEqual(made.view, { codeLength: 0, expiresIn: 0, isSending: false, resendIn: 0, attemptsLeft: 0 });
    await made.send();
    assert.deepEqual(made.view, { codeLength: 6, expiresIn: 300, isSending: false, resendIn: 30, attemptsLeft: 5 });
    t.mock.timers.tick(29_500);
    assert.deepEqual(made.view, { codeLength: 6, expiresIn: 271, isSending: false, resendIn: 1, attemptsLeft: 5 });
    t.mock.timers.tick(1_000_000);
    assert.deepEqual(made.view, { codeLength: 6, expiresIn: 0, isSending: false, resendIn: 0, attemptsLeft: 5 });
    t.mock.timers.reset();
  }
});

test("the page is shown each second until nothing counts down", async (t) => {
  const views = [];
  const answer = { ...SENT, expires_in: "2", resend_after: "1" };
  const { made } = await entry(t, () => [200, answer], { onChange: (view) => views.push([view.expiresIn, view.resendIn]) });
  t.mock.timers.enable({ apis: ["Date", "setTimeout"] });
  await made.send();
  for (let second = 0; second < 5; second++) t.mock.timers.tick(1000);
  assert.deepEqual(views, [[0, 0], [2, 1], [1, 0], [0, 0]]);
});

test("a wrong code costs an attempt and empties the field, and the next is awaited", async (t) => {
  const input = new Field();
  const { made } = await entry(t, () => [200, SENT], { input });
  await made.send();
  input.type("111111");
  assert.equal((await made.code()).otp_code, "111111");
  made.wrong();
  assert.deepEqual([input.value, input.focused, made.view.attemptsLeft], ["", true, 4]);
  const next = made.code();
  input.type("222222");
  assert.equal((await next).otp_code, "222222");
});

test("too soon after a silent attempt it is waited and sent once more", async (t) => {
  const { made, requests } = await entry(t, (_, count) => (count === 1 ? [400, TOO_SOON, { "retry-after": "0.001" }] : [200, SENT]));
  await made.send();
  assert.deepEqual([requests.length, made.view.codeLength], [2, 6]);
});

/** An entry whose backend answers when told: `backend.come(200, SENT)`. */
function late(t, options) {
  const backend = { asked: 0 };
  const send = () => {
    backend.asked++;
    return new Promise((answered) => (backend.come = (status, body) => answered(new Response(JSON.stringify(body), { status }))));
  };
  const made = new CodeEntry(CONFIG, { send, ...options });
  t.after(() => made.stop());
  return { made, backend };
}

test("a code that comes before the answer to send is taken once its length is known", async (t) => {
  for (const isAwaited of [true, false]) {
    const input = new Field();
    const { made, backend } = late(t, { input });
    const sending = made.send();
    const early = isAwaited && made.code();
    input.type("048213");
    backend.come(200, SENT);
    await sending;
    assert.equal((await (early || made.code())).otp_code, "048213");
  }
});

test("one code is asked for at a time, and no other is offered meanwhile", async (t) => {
  const views = [];
  const { made, backend } = late(t, { onChange: ({ isSending, resendIn }) => views.push([isSending, resendIn]) });
  for (const [status, body, resendIn] of [[200, { ...SENT, resend_after: "0" }, 0], [429, {}, 30], [200, SENT, 30]]) {
    views.length = 0;
    const both = Promise.allSettled([made.send(), made.send()]);
    assert.equal(made.view.isSending, true);
    backend.come(status, body);
    const [first, second] = await both;
    assert.deepEqual(first, second);
    assert.equal(first.status, status === 200 ? "fulfilled" : "rejected");
    assert.deepEqual([views.at(0)[0], views.at(-1)], [true, [false, resendIn]]);
  }
  assert.equal(backend.asked, 3);
  const offline = late(t, { send: () => Promise.reject(new Error("offline")) }).made;
  await assert.rejects(offline.send(), { message: "offline" });
  assert.equal(offline.view.isSending, false);
});

test("a code of the SMS before is not taken for the one that replaces it", async (t) => {
  const input = new Field();
  const { made } = await entry(t, () => [200, SENT], { input });
  await made.send();
  input.type("111111");
  await made.send();
  assert.equal(input.value, "");
  const code = made.code();
  input.type("222222");
  assert.equal((await code).otp_code, "222222");
});

test("each refusal says what to do next", async (t) => {
  const invalid = (error_description) => ({ error: "invalid_request", error_description });
  const gap = "You have to wait a few second before trying to get otp sms again";
  for (const [answer, next, seconds] of [
    [[400, invalid(gap), { "retry-after": "12" }], "wait", 12],
    [[400, invalid(gap)], "wait", 30],
    [[400, TOO_SOON, { "retry-after": "60" }], "wait", 60],
    [[429, { error: "slow_down", error_description: "Too many requests" }, { "retry-after": "3600" }], "wait", 3600],
    [[400, invalid("Exceeded maximum number of retry attempts.")], "start_again", 0],
    [[400, invalid("The provided token is invalid")], "start_again", 0],
    [[400, invalid("The required field is missing or it is invalid.")], "fix", 0],
    [[400, { error: "invalid_scope", error_description: "The requested scope is invalid, unknown or malformed." }], "fix", 0],
    [[502, "<html>"], "try_later", 0],
    [[503, { error: "temporarily_unavailable", error_description: "Service is unavailable" }, { "retry-after": "1" }], "wait", 1],
  ]) {
    const { made, requests } = await entry(t, () => answer);
    await assert.rejects(made.send(), { name: "AuthError", next, seconds }, JSON.stringify(answer));
    assert.equal(requests.length, 1);
    assert.equal(made.view.resendIn, seconds);
  }
});

test("the browser's code fills the field, and a new send ends the older wait", async (t) => {
  const waits = [];
  const get = ({ otp, signal }) =>
    new Promise((found, failed) => {
      waits.push({ otp, signal, found });
      signal.addEventListener("abort", () => failed(signal.reason));
    });
  pretend(t, "OTPCredential", class {});
  pretend(t, "navigator", { credentials: { get } });
  const input = new Field();
  const { made } = await entry(t, () => [200, SENT], { input });
  await made.send();
  await made.send();
  assert.deepEqual(waits.map(({ otp, signal }) => [otp.transport, signal.aborted]), [[["sms"], true], [["sms"], false]]);
  const code = made.code();
  waits[1].found({ code: "048213" });
  assert.equal((await code).otp_code, "048213");
  assert.equal(input.value, "048213");
  made.stop();
  assert.ok(waits[1].signal.aborted);
});

test("a stopped entry takes nothing more", async (t) => {
  const input = new Field();
  const { made, requests } = await entry(t, () => [200, SENT], { input });
  await made.send();
  const code = made.code();
  made.stop();
  await assert.rejects(code, { name: "AbortError" });
  await assert.rejects(made.code(), { name: "AbortError" });
  await assert.rejects(made.send(), { name: "AbortError" });
  input.type("048213");
  assert.equal(requests.length, 1);
});
