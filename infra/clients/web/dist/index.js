export { AuthError } from "./errors.js";
export { CodeEntry } from "./code.js";
export { returned, silent } from "./silent.js";
