// The sandbox's page in a real browser, beside the running system. Environment: GATEWAY_JSON, which the sandbox wrote;
// CHROME, the browser; NPM, whose node_modules has playwright-core and axe-core.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

const { CHROME, GATEWAY_JSON, NPM, PATH } = process.env;
const require = createRequire(`${NPM}/`);
const { chromium } = require("playwright-core");
const read = (file) => JSON.parse(readFileSync(file));

export const { sandbox, devices } = read(GATEWAY_JSON);
export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Letters without coloured edges make the picture a third smaller. */
const ARGUMENTS = ["--no-sandbox", "--disable-lcd-text"];

export function launch() {
  const executablePath = [CHROME, ...PATH.split(delimiter).map((folder) => join(folder, CHROME))].find(existsSync);
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/**
 * Opens the page with this phone. `said` is how it ended, `shop` what is on the phone's screen, `calls` who called whom;
 * `troubles` are errors, and whatever the browser asked of others.
 */
export async function open(browser, msisdn, { app = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  // A busy machine is no failure.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    // A refusal of the gateway's that the shop passes on is no trouble.
    const isRefusal = message.text().startsWith("Failed to load resource") && message.location().url.includes("/shop/");
    if (message.type() === "error" && !isRefusal) troubles.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== sandbox) troubles.push(`asks ${new URL(request.url()).origin}`);
  });
  await page.goto(`${sandbox}/?phone=${msisdn.slice(1)}`);
  const ready = () => page.locator("#outcome", { hasText: "Nothing has happened yet." }).waitFor();
  await ready();
  if (app) await page.getByLabel("an app").check().then(ready);
  const shop = page.frameLocator("#screen");
  return { page, shop, troubles, said: page.locator("#outcome"), calls: page.locator("#calls > li") };
}

export const signIn = ({ shop }) => shop.getByRole("button", { name: "Continue" }).click();

/** The code of the newest SMS to this number. */
export async function codeFor(msisdn) {
  const [{ text }] = await (await fetch(`${sandbox}/inbox/${msisdn.slice(1)}`)).json();
  return text.match(/#(\d+)$/)[1];
}

/** Another code of the same length. */
export const wrong = (code) => (code[0] === "0" ? "1" : "0") + code.slice(1);

/** Lets the code of this number's newest session be sent so many seconds earlier, as its row in DynamoDB has it. */
export async function age(msisdn, seconds) {
  const env = read(join(dirname(GATEWAY_JSON), "env.json"));
  const ask = async (operation, body) => {
    const answer = await fetch(env.AWS_ENDPOINT_URL_DYNAMODB, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20260101T000000Z",
        // The engine believes any credentials.
        authorization: `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/20260101/${env.AWS_REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=00`,
      },
      body: JSON.stringify({ TableName: env.SESSIONS_TABLE, ...body }),
    });
    if (!answer.ok) throw new Error(`${operation}: ${await answer.text()}`);
    return answer.json();
  };
  const { Items } = await ask("Scan", {});
  const sessions = Items.filter(({ pk }) => pk.S.startsWith("session#")).map((item) => ({ item, session: JSON.parse(item.session.S) }));
  const own = sessions.filter(({ session }) => session.msisdn === msisdn);
  const { item, session } = own.reduce((a, b) => (a.session.created_at > b.session.created_at ? a : b));
  session.otp.last_send -= seconds * 1000;
  session.otp.code.expires_at -= seconds * 1000;
  await ask("PutItem", { Item: { ...item, session: { S: JSON.stringify(session) } } });
}
