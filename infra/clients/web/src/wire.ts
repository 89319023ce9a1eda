// What a page is given, and what it hands back. Its backend asks for tokens and configs and validates: a page has no
// client secret and no access token.

import type { WireError } from "./errors.js";

/** What `POST /v1/get_config` answered, as the page's backend passed it on. Scalars may be quoted. */
export interface Config {
  id_token: string;
  /** What the handset must do, or why it cannot. */
  authorize?: Authorize | WireError;
  correlation_id?: string;
}

export interface Authorize {
  /** Whether a page may ask the URI with `fetch`. */
  ajax: boolean | "true" | "false";
  authorization_uri: string;
  request_type: "GET" | "POST";
  request_config: { headers: Record<string, string>; parameters: Record<string, string> };
}

/** What `/v1/authenticate/otp` answered. */
export interface SentCode {
  /** Seconds until the code expires. */
  expires_in: number | string;
  /** Digits. */
  code_length: number | string;
  /** Seconds until another may be sent. */
  resend_after: number | string;
  attempts_left: number | string;
}

/** The body of `POST /v1/validate`, which the page's backend sends with its access token. */
export type Proof = { id_token: string; correlation_id?: string } & (
  | { code: string }
  | { payload: unknown }
  | { otp_code: string }
);

/** A proof of this config's session. */
export function proof<Part extends object>(config: Config, part: Part): Part & { id_token: string; correlation_id?: string } {
  const { id_token, correlation_id } = config;
  return { id_token, ...(correlation_id === undefined ? {} : { correlation_id }), ...part };
}
