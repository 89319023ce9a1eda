// What the tests take for a page: a gateway that answers as told, and browser objects where Node has none.

import { createServer } from "node:http";

// Nothing is ever stored.
for (const name of ["localStorage", "sessionStorage", "indexedDB", "cookieStore"]) {
  Object.defineProperty(globalThis, name, {
    get() {
      throw new Error(`${name} was used`);
    },
  });
}

/** Serves `answer(request, body)`: `[status, json, headers]`. The requests are kept, bodies in `body`. */
export async function gateway(test, answer) {
  const requests = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      requests.push(Object.assign(request, { body }));
      const [status, json, headers = {}] = answer(request, requests.length);
      if (!status) return;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof json === "string" ? json : JSON.stringify(json));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  test.after(() => (server.closeAllConnections(), new Promise((done) => server.close(done))));
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** A v4.public token with these claims; the signature is none. */
export function token(claims) {
  const body = Buffer.concat([Buffer.from(JSON.stringify(claims)), Buffer.alloc(64, 7)]);
  return `v4.public.${body.toString("base64url")}.e30`;
}

/** A config whose `authorize` has these members over the usual. */
export function config(authorize, more) {
  const usual = { ajax: "true", request_type: "GET", request_config: { headers: {}, parameters: {} } };
  return { id_token: token({}), expires_in: "600", authorize: { ...usual, ...authorize }, ...more };
}

/** Sets a global for the time of a test. */
export function pretend(test, name, value) {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  test.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
}
