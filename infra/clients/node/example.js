// node example.js +447700900999 81.2.69.99: proves a number by SMS, asking for the code here.
// Environment: GATEWAY_URL, CLIENT_ID, CLIENT_SECRET.

import { createInterface } from "node:readline/promises";
import { Gateway } from "@silent-auth/server";

const { GATEWAY_URL: url, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env;
const [, , msisdn, clientIp] = process.argv;

const gateway = new Gateway({ url, clientId, clientSecret });
const config = await gateway.getConfig({ msisdn, clientIp }); // its page would get this, and try `silent(config)`
const { code_length } = await gateway.sendCode(config.id_token);
const person = createInterface(process.stdin, process.stdout);
const otp_code = await person.question(`The ${code_length} digits: `);
const verdict = await gateway.validate({ id_token: config.id_token, otp_code });
console.log(verdict.authenticated ? "It is theirs." : `Not proved: ${verdict.reason}`);
person.close();
