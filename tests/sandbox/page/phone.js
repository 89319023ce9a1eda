// The phone under the shop's page. A browser's own requests leave from this computer; here they go through the sandbox's
// handset, over the mobile data of its SIM: what the page fetches from others, and where it leaves for. The code of an SMS
// and the wallet are the phone's as well.

const { origin } = location;
const own = fetch.bind(globalThis);

const post = (path, body, signal) =>
  own(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

globalThis.fetch = async (address, init = {}) => {
  const url = new URL(address, location.href);
  if (url.origin === origin) return own(address, init);
  const headers = Object.fromEntries(new Headers(init.headers));
  let { method = "GET", body, signal } = init;
  if (body instanceof URLSearchParams) {
    headers["content-type"] ??= "application/x-www-form-urlencoded";
    body = body.toString();
  }
  const answer = await (await post("/phone/fetch", { method, url, headers, body }, signal)).json();
  if (!answer.status) throw new TypeError(answer.body);
  return new Response(answer.body, { status: answer.status });
};

// The page leaves: the phone's browser goes there, and comes back to the page that the way ends at. Where it ends at
// another one, the person goes back.
navigation.addEventListener("navigate", async (event) => {
  const { url } = event.destination;
  if (new URL(url).origin === origin) return;
  event.preventDefault();
  const answer = await (await post("/phone/fetch", { method: "GET", url })).json();
  if (answer.location) location.assign(answer.location);
  else dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
});

// WebOTP and Digital Credentials.
let awaited;

globalThis.OTPCredential ??= class OTPCredential {};
globalThis.DigitalCredential ??= class DigitalCredential {};

navigator.credentials.get = ({ otp, digital, signal }) => {
  if (digital) return present(digital);
  if (!otp) return Promise.reject(new DOMException("this phone has none", "NotSupportedError"));
  return new Promise((resolve, reject) => {
    awaited = resolve;
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
};

// The person lets the page have the code of the message that the sandbox's page shows.
addEventListener("message", ({ origin: sender, data }) => {
  if (sender === origin) awaited?.({ code: data.code });
});

async function present(digital) {
  const answer = await post("/phone/wallet", digital);
  if (!answer.ok) throw new DOMException("the wallet has none", "NotAllowedError");
  return { protocol: digital.requests[0].protocol, data: await answer.json() };
}
