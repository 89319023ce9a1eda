export { GatewayError } from "./error.js";
export { Gateway } from "./gateway.js";
