//! O2 UK: CAMARA Number Verification 2.1.0. O2 publishes no protocol document of its own:
//! shape inferred from the CAMARA profile, endpoints by contract.

use sna_protocols::{Camara, ClientAuth, NumberForm};

static O2: Camara = Camara {
    scope: "openid dpv:FraudPreventionAndDetection number-verification:verify",
    client_auth: ClientAuth::PrivateKeyJwt,
    pkce: true,
    id_token: true,
    number_form: NumberForm::Plain,
};

sna_adapter::export_adapter!(O2);
