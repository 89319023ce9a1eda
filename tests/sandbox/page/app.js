// The page of the sandbox's handset. It plays no part in the protocol: it asks the sandbox to do the next step and
// shows what happened. Everything that came from outside is set as text, never as markup.

const $ = (id) => document.getElementById(id);

let devices = [];
let current = null; // the sign-in under way: { id, device, began, smsAt }

// ---- talking to the sandbox

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`the sandbox answered ${response.status}`);
  return response.json();
}

async function post(path, body) {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, request);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`);
  return answer;
}

// Shows the steps while a call runs, and all of them when it is over.
async function watched(call) {
  const timer = setInterval(() => showCalls().catch(() => {}), 250);
  try {
    return await call;
  } finally {
    clearInterval(timer);
    await showCalls();
  }
}

// ---- choosing a phone

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function radio(group, value, checked) {
  return element("input", "", { type: "radio", name: group, value, checked });
}

function showNetworks() {
  [...new Set(devices.map((device) => device.network))].forEach((network, index) => {
    const label = element("label", "");
    label.append(radio("network", network, index === 0), ` ${network}`);
    $("networks").append(label);
  });
  $("networks").addEventListener("change", showDevices);
}

function ofNetwork() {
  const network = document.querySelector("[name=network]:checked").value;
  return devices.filter((device) => device.network === network);
}

function showDevices() {
  const list = element("div", "", { className: "list" });
  ofNetwork().forEach((device, index) => {
    const label = element("label", "");
    const about = element("small", `${device.msisdn} · scenario ${device.scenario} · expected ${device.expected}`);
    label.append(radio("device", device.msisdn, index === 0), element("span", device.name), about);
    list.append(label);
  });
  $("devices").querySelector(".list")?.remove();
  $("devices").append(list);
  const others = ofNetwork().filter((device) => device.forcible);
  const options = others.map((device) => element("option", `${device.scenario}: ${device.name}`, { value: device.scenario }));
  $("scenario").replaceChildren(element("option", "What the phone's number says", { value: "" }), ...options);
}

// Another phone's scenario in the place of this one's own, or its own again.
async function force(device) {
  // Nothing to pick from: the number is no operator's.
  if ($("scenario").options.length === 1) return device;
  const picked = $("scenario").value;
  const scenario = picked ? Number(picked) : null;
  await post("/api/force", { msisdn: device.msisdn, scenario });
  const { expected, later } = scenario ? ofNetwork().find((other) => other.scenario === scenario) : device;
  return { ...device, expected, later };
}

// ---- showing what happened

function outcome(state, headline, detail = "") {
  $("outcome").dataset.state = state;
  $("outcome").querySelector(".headline").textContent = headline;
  $("outcome").querySelector(".detail").textContent = detail;
}

function inWords(refusal) {
  return refusal.description ? `${refusal.error}: ${refusal.description}` : refusal.error;
}

function called(url) {
  const path = new URL(url).pathname;
  if (path.startsWith("/v1/")) return "gateway";
  return `operator ${path.split("/")[1]}`;
}

function line(who, request, status, answer) {
  const item = element("li", "");
  const first = element("p", "");
  const good = status >= 200 && status < 400;
  first.append(element("strong", who), ` ${request} `);
  first.append(element("span", status || "no answer", { className: good ? "status" : "status bad" }));
  item.append(first);
  if (answer) item.append(element("p", answer, { className: "answer" }));
  return item;
}

async function showCalls() {
  const flow = current;
  const [steps, seen] = await Promise.all([get(`/api/flow?flow=${flow.id}`), get("/api/operators")]);
  if (flow !== current) return;
  $("no-steps").hidden = steps.length > 0;
  $("steps").replaceChildren(...steps.map((step) =>
    line(`${step.by} → ${called(step.url)}`, `${step.method} ${step.url}`, step.status, step.answer)));
  const own = seen.filter((request) => request.time >= flow.began);
  $("operators").hidden = own.length === 0;
  $("requests").replaceChildren(...own.map((request) =>
    line(request.operator, `${request.method} ${request.path}`, request.status)));
}

async function showInbox() {
  if (!current || $("sms").hidden) return;
  const messages = await get(`/api/inbox?msisdn=${encodeURIComponent(current.device.msisdn)}`);
  const key = JSON.stringify(messages);
  // Unchanged: leave it, or a screen reader would read it out each second.
  if ($("inbox").dataset.key === key) return;
  $("inbox").dataset.key = key;
  $("inbox").replaceChildren(...messages.map((sms) => {
    const item = element("li", sms.text);
    item.append(element("small", `${sms.sender ?? "SMS"}, ${new Date(sms.at).toLocaleTimeString()}`));
    return item;
  }));
}

// ---- signing in

function showVerdict(verdict, device) {
  const good = [device.expected, device.later].includes(verdict.outcome);
  const expected = good ? "as expected" : `expected ${device.expected}`;
  const why = verdict.refusal ? inWords(verdict.refusal) : `${verdict.outcome}, ${expected}`;
  if (verdict.authenticated) outcome("good", "Signed in, silently.", why);
  else outcome("bad", "Not signed in silently.", why);
}

function offerSms(advice, inMilliseconds) {
  current.smsAt = Date.now() + inMilliseconds;
  $("advice").textContent = advice;
  $("sms").hidden = false;
  countDown();
  showInbox().catch(() => {});
}

function countDown() {
  if (!current || $("sms").hidden || current.busy) return;
  const seconds = Math.ceil((current.smsAt - Date.now()) / 1000);
  $("send").disabled = seconds > 0;
  $("send").textContent = seconds > 0 ? `Send code by SMS in ${seconds} s` : "Send code by SMS";
}

async function signIn() {
  const msisdn = document.querySelector("[name=device]:checked").value;
  const device = await force(devices.find((device) => device.msisdn === msisdn));
  current = { id: crypto.randomUUID(), device, began: Date.now(), smsAt: 0, busy: false };
  $("sms").hidden = true;
  $("sms-refusal").textContent = "";
  $("code").value = "";
  delete $("inbox").dataset.key;
  outcome("busy", "Signing in …", "The shop's backend asks the gateway what the phone must do.");

  const order = { flow: current.id, msisdn, redirect: $("redirect").checked };
  const offer = await watched(post("/api/begin", order));
  if (!offer.silent) {
    outcome("bad", offer.otp ? "This number cannot be checked silently." : "The gateway refused.", inWords(offer.refusal));
    if (offer.otp) offerSms("The gateway offers a code by SMS instead.", 0);
    return;
  }
  outcome("busy", "Signing in …", "The phone goes to the gateway and to its operator.");
  await watched(post("/api/open", { flow: current.id, which: "silent" }));
  const { verdict, sms_in_ms } = await watched(post("/api/validate", { flow: current.id }));
  showVerdict(verdict, device);
  if (verdict.authenticated || !offer.otp) return;
  const advised = verdict.fallback_advised ? "The gateway advises this fallback." : "The gateway advises against it here.";
  offerSms(advised, sms_in_ms);
}

async function sendCode() {
  current.busy = true;
  $("send").disabled = true;
  try {
    const opened = await watched(post("/api/open", { flow: current.id, which: "otp" }));
    $("sms-refusal").textContent = opened.refusal ? `Not sent. ${inWords(opened.refusal)}` : "";
    if (!opened.refusal) $("code").focus();
  } finally {
    current.busy = false;
    countDown();
  }
  await showInbox();
}

async function verifyCode() {
  const order = { flow: current.id, otp_code: $("code").value.trim() };
  const { verdict } = await watched(post("/api/validate", order));
  if (verdict.authenticated) {
    outcome("good", "Signed in, by SMS.", "The code was right.");
    $("sms").hidden = true;
  } else {
    outcome("bad", "The code did not sign in.", verdict.refusal ? inWords(verdict.refusal) : verdict.outcome);
    $("code").select();
  }
}

// Runs one thing at a time, and says so when the sandbox itself fails.
async function alone(button, action) {
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    outcome("bad", "The sandbox failed.", error.message);
  } finally {
    button.disabled = false;
  }
}

$("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  alone($("sign-in"), signIn);
});
$("verify").addEventListener("submit", (event) => {
  event.preventDefault();
  alone(event.submitter ?? $("verify").querySelector("button"), verifyCode);
});
$("send").addEventListener("click", () => alone($("send"), sendCode));
setInterval(countDown, 250);
setInterval(() => showInbox().catch(() => {}), 1000);

try {
  devices = await get("/api/devices");
  showNetworks();
  showDevices();
} catch (error) {
  outcome("bad", "The sandbox cannot be reached.", error.message);
}
