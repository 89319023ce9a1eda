export type { Authorize, ConfigAnswer, Coverage, SentCode, ValidateRequest } from "./api.js";
export { GatewayError } from "./error.js";
export { Gateway, type Options, type Question, type Verdict } from "./gateway.js";
