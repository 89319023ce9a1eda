// The shop, as a customer would write it, for its page and its app: its own backend asks the gateway and judges, and the
// client of infra/clients/web does what happens on the phone.

import { AuthError, CodeEntry, returned, silent } from "/client/index.js";

const $ = (id) => document.getElementById(id);

const WRONG = {
  WRONG_CODE: "That is not the code.",
  CODE_EXPIRED: "That code has expired. Have another one sent.",
  ATTEMPTS_EXCEEDED: "Too many wrong codes. Have another one sent.",
};

let entry; // of codes, while there is one

/** The shop's own backend. */
const post = (path, body = {}) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Shows one of the views; whoever uses a keyboard or listens is taken there. */
function show(view) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== view;
  $(view).querySelector("h1").focus();
}

function end(state, title, why) {
  entry?.stop();
  $("end").dataset.state = state;
  $("end").querySelector("h1").textContent = title;
  $("end").querySelector(".why").textContent = why;
  show("end");
}

const refused = ({ error, error_description }) => end("bad", "That did not work.", error_description || error);

// ---- silently

async function signIn() {
  show("wait");
  const begun = await post("/shop/begin");
  const config = await begun.json();
  if (!begun.ok) return refused(config);
  if (!config.authorize || config.authorize.error) {
    return config.sms ? enterCode(config) : refused(config.authorize);
  }
  // An app's requests follow redirects to their end, and a page leaves for them and comes back.
  const proof = await silent(config, config.app ? { appFetch: fetch } : {}).catch(failed);
  await judge(proof, config);
}

/** Whatever went wrong on the phone: the backend asks why, and whether a code may be sent. */
function failed(error) {
  if (error instanceof AuthError) return {};
  throw error;
}

async function judge(proof, config) {
  const answer = await post("/shop/validate", proof);
  const { authenticated, sms, ...refusal } = await answer.json();
  if (authenticated) return end("good", "You are signed in.", "Your operator knows this phone. There was nothing to type.");
  if (sms || (!answer.ok && config.sms)) return enterCode(config);
  if (!answer.ok) return refused(refusal);
  end("bad", "We cannot sign you in.", "This does not seem to be the number of this phone.");
}

// ---- by a code

async function enterCode(config) {
  show("entry");
  entry = new CodeEntry(config, { send: () => post("/shop/sms"), input: $("code"), onChange: showEntry });
  $("again").onclick = send;
  await send();
  for (;;) {
    const proof = await entry.code();
    $("wrong").textContent = "";
    const answer = await post("/shop/validate", proof);
    const { authenticated, reason, ...refusal } = await answer.json();
    if (authenticated) return end("good", "You are signed in.", "The code was right.");
    if (!answer.ok) return refused(refusal);
    $("wrong").textContent = WRONG[reason] ?? reason;
    if (reason === "WRONG_CODE") entry.wrong();
    else $("code").select();
  }
}

async function send() {
  $("wrong").textContent = "";
  try {
    await entry.send();
    $("sent").textContent = "We sent you a code by SMS. It is checked as soon as it is complete.";
    $("code").focus();
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    if (error.next === "start_again") return end("bad", "No more codes.", error.message);
    $("wrong").textContent = error.message;
  }
}

function showEntry({ codeLength, expiresIn, isSending, resendIn, attemptsLeft }) {
  const minutes = `${Math.floor(expiresIn / 60)}:${String(expiresIn % 60).padStart(2, "0")}`;
  const attempts = attemptsLeft === 1 ? "1 attempt left" : `${attemptsLeft} attempts left`;
  const left = expiresIn > 0 ? `${attempts}, for ${minutes}` : "The code has expired.";
  $("left").textContent = codeLength ? left : "";
  $("again").disabled = isSending || resendIn > 0;
  $("again").textContent = resendIn > 0 ? `Send another in ${resendIn} s` : "Send another code";
}

// ---- the page begins

/** Whatever nobody expected. What `end` has shown stays: it stops the entry, and so the wait for a code is aborted. */
function broken(error) {
  if ($("end").hidden) end("bad", "The shop is broken.", error.message);
}

$("sign-in").addEventListener("click", () => signIn().catch(broken));
$("restart").addEventListener("click", () => location.assign("/shop"));

try {
  // Back from the operator? The code leaves the address, and its backend has the rest.
  const proof = returned();
  if (proof) {
    show("wait");
    judge(proof, {}).catch(broken);
  } else {
    $("start").hidden = false;
  }
} catch (error) {
  show("wait");
  judge(failed(error), {}).catch(broken);
}
