// The sandbox's handset for the clients: on the loopback network the source address says which SIM calls.

import http from "node:http";

/** `fetch` as an app has it over mobile data: from this address, through redirects, keeping cookies. */
export function fetchFrom(localAddress) {
  const cookies = new Map();
  const ask = (url, { method = "GET", headers, body }) =>
    new Promise((answered, failed) => {
      const own = cookies.get(url.host);
      const sent = { ...Object.fromEntries(new Headers(headers)), ...(own ? { cookie: own } : {}) };
      const isForm = body instanceof URLSearchParams;
      if (isForm) sent["content-type"] = "application/x-www-form-urlencoded";
      const request = http.request(url, { method, headers: sent, localAddress, agent: false }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => answered([answer, Buffer.concat(parts).toString()]));
      });
      request.on("error", failed);
      request.end(body?.toString());
    });
  return async (start, init) => {
    let [url, options] = [new URL(start), init];
    for (let hops = 0; hops < 10; hops++) {
      const [answer, text] = await ask(url, options);
      const [cookie] = answer.headers["set-cookie"] ?? [];
      if (cookie) cookies.set(url.host, cookie.split(";")[0]);
      const { location } = answer.headers;
      if (!location) return new Response(text, { status: answer.statusCode });
      url = new URL(location, url);
      if (![307, 308].includes(answer.statusCode)) options = {};
    }
    throw new Error("too many redirects");
  };
}
