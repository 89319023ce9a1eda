//! {{network}}: CAMARA Number Verification.

use sna_protocols::{Camara, ClientAuth, NumberForm};

pub static ADAPTER: Camara = Camara {
    // What the operator approved for us, with exactly one purpose (`dpv:`).
    scope: "openid dpv:FraudPreventionAndDetection number-verification:verify",
    // How we sign in at its token endpoint: `PrivateKeyJwt`, `Basic` or `Post`.
    client_auth: ClientAuth::PrivateKeyJwt,
    // Does it take a code_challenge (S256)?
    pkce: true,
    // Does it want the authorize parameters signed (RFC 9101)?
    request_object: false,
    // Does it promise an id_token? Then one is required, and checked.
    id_token: true,
    // Does it want the number at authorize too? Then say so in the manifest: `"number_in_url": true`.
    login_hint: false,
    // Does `/verify` take the number itself, or its SHA-256?
    number_form: NumberForm::Plain,
    // What its 403 says where it has compared, and the device has another number.
    mismatch: None,
};

sna_adapter::export_adapter!(ADAPTER);
