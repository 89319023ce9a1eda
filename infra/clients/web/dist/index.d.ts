export { AuthError, type Next, type WireError } from "./errors.js";
export { CodeEntry, type CodeOptions, type View } from "./code.js";
export { returned, silent, type Returned, type SilentOptions } from "./silent.js";
export type { Authorize, Config, Proof, SentCode } from "./wire.js";
