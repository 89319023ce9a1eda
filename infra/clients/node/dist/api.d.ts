export interface components {
    schemas: {
        Error: {
            error: string;
            error_description: string;
        };
        /** @description A PASETO v4.public token; signed, not encrypted */
        Token: string;
        /** @description Digits in quotes, or a JSON number */
        Number: string | number;
        /**
         * @description In quotes, or a JSON boolean
         * @enum {unknown}
         */
        Truth: "true" | "false" | true | false;
        /** @description At least 128 random bits, good for one validation */
        Secret: string;
        /** @description The customer's own name for the sign-in; each can be used for one session */
        CorrelationId: string;
        TokenRequest: {
            /** @constant */
            grant_type: "client_credentials";
            /**
             * @description One or both, joined by a space; a `+`, `%2B` or `%20` that was encoded once more is taken for one
             * @enum {string}
             */
            scope: "authenticate" | "otp" | "authenticate otp" | "otp authenticate" | "authenticate+otp" | "otp+authenticate" | "authenticate%2Botp" | "authenticate%20otp";
        } & {
            [key: string]: string;
        };
        TokenAnswer: {
            access_token: components["schemas"]["Token"];
            /** @description Seconds */
            expires_in: components["schemas"]["Number"];
            /** @constant */
            token_type: "Bearer";
        };
        ConfigForm: {
            /** @description E.164. A missing `+`, and a space in its place, are repaired. */
            msisdn: string;
            /** @description The handset's address as the customer's backend saw it; a private or reserved one is refused */
            client_ip: string | unknown | unknown;
            /** @description The customer's own name for the sign-in; each can be used for one session */
            correlation_id?: string;
            /** @description Where the flow shall end; one of the customer's list, exactly */
            redirect_uri?: string;
        } & {
            [key: string]: string;
        };
        ConfigJson: {
            /** @description E.164. A missing `+`, and a space in its place, are repaired. */
            msisdn: string;
            /** @description The handset's address as the customer's backend saw it; a private or reserved one is refused */
            client_ip: string | unknown | unknown;
            correlation_id?: string | null;
            redirect_uri?: string | null;
        } & {
            [key: string]: string | null;
        };
        ConfigAnswer: {
            /** @description What the handset must do, or why it cannot. Absent when the scope has no `authenticate`. */
            authorize?: components["schemas"]["Authorize"] | components["schemas"]["Error"];
            correlation_id?: components["schemas"]["CorrelationId"];
            /** @description Seconds */
            expires_in: components["schemas"]["Number"];
            id_token: components["schemas"]["Token"];
            /**
             * Format: uri
             * @description Absent when the scope has no `otp`
             */
            otp_authorization_uri?: string;
        };
        Authorize: {
            /** @description Whether a page may call the URI with `fetch` */
            ajax: components["schemas"]["Truth"];
            /** Format: uri */
            authorization_uri: string;
            request_config: {
                headers: {
                    [key: string]: string;
                };
                parameters: {
                    [key: string]: string;
                };
            };
            /** @enum {unknown} */
            request_type: "GET" | "POST";
        };
        IdTokenForm: {
            id_token: components["schemas"]["Token"];
        } & {
            [key: string]: string;
        };
        IdTokenJson: {
            id_token: components["schemas"]["Token"];
        } & {
            [key: string]: string | null;
        };
        CallbackForm: {
            state: string;
            code?: string;
            error?: string;
        } & {
            [key: string]: string;
        };
        Proved: {
            session_id: components["schemas"]["Secret"];
        };
        SentCode: {
            session_id: components["schemas"]["Secret"];
            /** @description Seconds until the code expires */
            expires_in: components["schemas"]["Number"];
            /** @description Digits */
            code_length: components["schemas"]["Number"];
            /** @description Seconds until another may be asked for */
            resend_after: components["schemas"]["Number"];
            attempts_left: components["schemas"]["Number"];
        };
        /**
         * @description One proof: `code`, `payload` or `otp_code`. `otp_code` may come along with the `payload` that the handset got when
         *     it asked for the code. Without any the reason of a silent attempt that has failed is told.
         */
        ValidateRequest: {
            id_token: components["schemas"]["Token"];
            /** @description From the redirect */
            code?: string | null;
            /** @description The JSON that the handset got, whole, or the text of it */
            payload?: unknown;
            otp_code?: string | null;
            /** @description That of the session, if it is sent */
            correlation_id?: string | null;
            /**
             * @description Whether the answer shall bring a receipt, which can be shown to others later. With an `Idempotency-Key` the
             *     repeated request gets the same one
             * @enum {unknown}
             */
            receipt?: "true" | "false" | true | false | "" | null;
        };
        Verdict: {
            /** @description "true" leaves at most once a session */
            authenticated: components["schemas"]["Truth"];
            correlation_id?: components["schemas"]["CorrelationId"];
            fallback_advised?: components["schemas"]["Truth"];
            /**
             * @description Why not; for the backend, and never for the handset.
             *
             *     | `reason` | What it means, and what to do |
             *     |---|---|
             *     | `MISMATCH` | The operator says that another SIM called: treat it as a wrong password. Whether a code is advised is the customer's policy. |
             *     | `NOT_MOBILE_NETWORK` | The handset was on Wi-Fi or behind a VPN: offer a code, or ask for mobile data and begin again. |
             *     | `IP_NUMBER_NETWORK_MISMATCH` | Another operator's mobile data, often the second SIM of the phone: offer a code. |
             *     | `CONSENT_REQUIRED`, `USER_DENIED` | The person has not agreed, or has refused, at the operator: offer a code. |
             *     | `SUBSCRIBER_UNKNOWN`, `NETWORK_UNSUPPORTED` | The operator cannot say for this SIM, such as one of a virtual operator: offer a code. |
             *     | `OPERATOR_TIMEOUT`, `OPERATOR_ERROR`, `OPERATOR_RATE_LIMITED` | The operator failed: offer a code. |
             *     | `CONFIG_ERROR` | The operator refuses this gateway or this customer: offer a code, and tell whoever runs the gateway. |
             *     | `PROTOCOL_VIOLATION`, `REPLAYED` | Somebody tampers, or the operator answered for another attempt: end the sign-in, with no code. |
             *     | `EXPIRED` | The handset took too long: offer a code. |
             *     | `NOT_ATTEMPTED` | Nothing has arrived for this proof yet: let the handset open the link, or send a code. |
             *     | `WRONG_CODE` | Let the person type it again. |
             *     | `CODE_EXPIRED` | Send another code. |
             *     | `ATTEMPTS_EXCEEDED` | End the sign-in; the person may begin again later. |
             * @enum {unknown}
             */
            reason?: "MISMATCH" | "NOT_MOBILE_NETWORK" | "IP_NUMBER_NETWORK_MISMATCH" | "CONSENT_REQUIRED" | "USER_DENIED" | "SUBSCRIBER_UNKNOWN" | "NETWORK_UNSUPPORTED" | "OPERATOR_TIMEOUT" | "OPERATOR_ERROR" | "OPERATOR_RATE_LIMITED" | "CONFIG_ERROR" | "PROTOCOL_VIOLATION" | "EXPIRED" | "REPLAYED" | "WRONG_CODE" | "CODE_EXPIRED" | "ATTEMPTS_EXCEEDED" | "NOT_ATTEMPTED";
            /**
             * @description If it was asked for: this verdict, signed with the keys of `/v1/.well-known/paseto-keys` under the implicit
             *     assertion `receipt`, so that it passes for no other token. Its claims are `iss`, `iat`, `jti` (the session),
             *     `user_id` (the customer), `correlation_id`, `service`, `verdict` (`MATCH`, or the reason), `network` and
             *     `msisdn_hash`. It has no end, and can be checked for as long as its key is published, or with a copy of the
             *     keys of its time
             */
            receipt?: components["schemas"]["Token"];
            /**
             * @description Comes with the receipt: `msisdn_hash` is the HMAC-SHA-256, in hex digits, of the number with its `+` under this
             *     key. Who has it can find the number by trying all of them, so show it to nobody who may not know the number
             */
            receipt_salt?: string;
            /** @enum {unknown} */
            service: "authenticate" | "otp";
        };
        Coverage: {
            countries: {
                /** @description ISO 3166-1 */
                country: string;
                networks: {
                    /** @description As `network` of the id_token */
                    network: string;
                    /** @description Can the operator recognise the handset? */
                    silent: components["schemas"]["Truth"];
                    /** @description May the flow end at a `redirect_uri`? */
                    callback: components["schemas"]["Truth"];
                    /** @description Does it work without mobile data too? */
                    wifi: components["schemas"]["Truth"];
                    otp_only: components["schemas"]["Truth"];
                }[];
            }[];
        };
        PublicKeys: {
            /** Format: uri */
            issuer: string;
            keys: {
                /** @description As in a token's footer */
                kid: string;
                paserk: string;
                /** @constant */
                version: "v4";
                /** @constant */
                purpose: "public";
            }[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Error = components['schemas']['Error'];
export type Token = components['schemas']['Token'];
export type Number = components['schemas']['Number'];
export type Truth = components['schemas']['Truth'];
export type Secret = components['schemas']['Secret'];
export type CorrelationId = components['schemas']['CorrelationId'];
export type TokenRequest = components['schemas']['TokenRequest'];
export type TokenAnswer = components['schemas']['TokenAnswer'];
export type ConfigForm = components['schemas']['ConfigForm'];
export type ConfigJson = components['schemas']['ConfigJson'];
export type ConfigAnswer = components['schemas']['ConfigAnswer'];
export type Authorize = components['schemas']['Authorize'];
export type IdTokenForm = components['schemas']['IdTokenForm'];
export type IdTokenJson = components['schemas']['IdTokenJson'];
export type CallbackForm = components['schemas']['CallbackForm'];
export type Proved = components['schemas']['Proved'];
export type SentCode = components['schemas']['SentCode'];
export type ValidateRequest = components['schemas']['ValidateRequest'];
export type Verdict = components['schemas']['Verdict'];
export type Coverage = components['schemas']['Coverage'];
export type PublicKeys = components['schemas']['PublicKeys'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
