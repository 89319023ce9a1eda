// The sandbox's page around the phone: which phone it is, its messages, how a sign-in ended. It plays no part in the
// protocol: the shop's page is on the phone's screen, and the calls come from the listeners that got them.
// Everything that came from outside is set as text, never as markup.

import { clear, explain, hear } from "./calls.js";
import { refresh } from "./usage.js";

const $ = (id) => document.getElementById(id);

let devices = [];
let device; // the one that is the phone

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

// ---- which phone

function showDevices() {
  const own = devices.filter(({ network }) => network === $("network").value);
  const options = own.map(({ msisdn, scenario, name }) => element("option", `${scenario}: ${name}`, { value: msisdn }));
  $("device").replaceChildren(...options);
}

let chosen = Promise.resolve();

/** One choice after the other: the phone is the last one. */
const choose = () => (chosen = chosen.catch(() => {}).then(change));

async function change() {
  device = devices.find(({ msisdn }) => msisdn === $("device").value);
  $("sim").textContent = `${device.msisdn} · ${device.network}`;
  outcome("busy", "Changing the phone …");
  const app = document.querySelector("[name=shop]:checked").value === "app";
  const order = { msisdn: device.msisdn, app };
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(order) };
  const answer = await fetch("/api/phone", request);
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
  $("inbox").replaceChildren();
  clear();
  needsApp = false;
  const loaded = new Promise((over) => $("screen").addEventListener("load", over, { once: true }));
  $("screen").contentWindow.location.replace("/shop");
  await loaded;
  outcome("idle", "Nothing has happened yet.", `Continue on the phone. Expected: ${inWords(device.expected)}.`);
}

const inWords = (outcome) => (outcome === "OTP_ONLY" ? "no silent attempt, a code by SMS" : outcome);

// ---- the phone

async function showInbox() {
  const messages = await (await fetch(`/inbox/${device.msisdn.slice(1)}`)).json();
  $("inbox").replaceChildren(
    ...messages.slice(0, 1).map(({ sender, text }) => {
      const item = element("li", "");
      item.append(element("b", sender ?? "SMS"), element("p", text));
      // The line for browsers: who may have the code, and the code.
      const code = text.match(/^@\S+ #(\S+)$/m)?.[1];
      if (code) item.append(element("button", `Fill in ${code}`, { type: "button", onclick: () => fillIn(code) }));
      return item;
    }),
  );
}

function fillIn(code) {
  $("screen").contentWindow.postMessage({ code }, location.origin);
  $("screen").focus();
}

// The page on the screen is as long as it is: nothing to scroll in it.
$("screen").addEventListener("load", () => {
  const { body } = $("screen").contentDocument;
  new ResizeObserver(() => ($("screen").style.height = `${body.offsetHeight}px`)).observe(body);
});

// ---- how it ended

function outcome(state, headline, detail = "") {
  $("outcome").dataset.state = state;
  $("outcome").querySelector(".headline").textContent = headline;
  $("outcome").querySelector(".detail").textContent = detail;
}

/** The functions' log says which field and why, once it is written. */
async function ask(call) {
  for (let tries = 0; tries < 10; tries++) {
    const refusals = await (await fetch("/refusals")).json();
    const refusal = refusals.find(({ trace_id }) => trace_id === call.trace);
    if (refusal) return explain(call, refusal);
    await new Promise((over) => setTimeout(over, 200));
  }
}

let silently = ""; // how the silent attempt ended
let needsApp = false; // the operator sends no page back, nor may a page ask it

/** What the shop's backend was told by the gateway. */
function told({ from, path, status, fields, answer }) {
  if (from.role !== "shop") return;
  const said = (name) => answer.find((field) => field.name === name)?.value;
  const texts = [said("error"), said("error_description")].filter(Boolean);
  const why = texts.join(": ").replace(/\.$/, "") || `HTTP ${status}`;
  const isRight = said("authenticated") === "true";
  if (path === "/v1/get_config") {
    // The backend asks again, for a page that asks the operator itself, or for an app.
    if (why.endsWith("does not support callback on redirect_uri")) needsApp = true;
    else if (said("authorize.error")) {
      silent("OTP_ONLY", `not offered (${said("authorize.error_description")})`, "This number cannot be checked silently.");
    } else if (status !== 200) outcome("bad", "The gateway refused.", why);
    if (said("authorize.ajax") === "true") needsApp = false;
  } else if (path === "/v1/authenticate/otp") {
    if (status === 200) outcome("busy", "Waiting for the code.", silently);
    // The client waits that out.
    else if (!why.endsWith("OTP requested before Authenticate")) outcome("bad", "No code was sent.", why);
  } else if (path === "/v1/validate" && fields.some(({ name }) => name === "otp_code")) {
    if (isRight) outcome("good", "Signed in, by SMS.", silently);
    else outcome("bad", "The code did not sign in.", said("reason") ?? why);
  } else if (path === "/v1/validate") {
    const verdict = isRight ? "MATCH" : (said("reason") ?? said("error"));
    silent(verdict, said("error") ? why : verdict, isRight ? "Signed in, silently." : "Not signed in silently.");
  } else if (status !== 200) {
    outcome("bad", "The gateway refused.", why);
  }
}

/** How the silent attempt ended. */
function silent(verdict, why, headline) {
  const isExpected = [device.expected, device.later].includes(verdict);
  const otherwise = needsApp ? "this network needs an app" : `expected ${inWords(device.expected)}`;
  silently = `Silently: ${why}, ${isExpected ? "as expected" : otherwise}.`;
  outcome(verdict === "MATCH" ? "good" : "bad", headline, silently);
}

// ---- the page begins

async function begin() {
  devices = await (await fetch("/api/devices")).json();
  const networks = [...new Set(devices.map(({ network }) => network))];
  const wanted = new URLSearchParams(location.search).get("phone")?.trim().replace(/^\+?/, "+");
  const first = devices.find(({ msisdn }) => msisdn === wanted) ?? devices[0];
  $("network").append(...networks.map((name) => element("option", name, { value: name })));
  $("network").value = first.network;
  showDevices();
  $("device").value = first.msisdn;
  await choose();
  const events = new EventSource("/api/events");
  // The browser opens it again by itself, unless the sandbox does not know this page any more.
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) outcome("bad", "The sandbox was started anew.", "Load this page again.");
  };
  events.onmessage = ({ data }) => {
    const call = hear(JSON.parse(data));
    if (call === "begin") return outcome("busy", "Signing in …", "The shop’s backend asks what the phone must do.");
    if (call?.status === undefined) return;
    told(call);
    if (call.status >= 400 && call.trace) ask(call).catch(failed);
    if (call.to.role === "sms") showInbox().catch(failed);
    if (call.from.role === "shop") refresh().catch(failed);
  };
}

const failed = (error) => outcome("bad", "The sandbox cannot be reached.", error.message);

$("scene").addEventListener("change", ({ target }) => {
  if (target === $("network")) showDevices();
  choose().catch(failed);
});

begin().catch(failed);
