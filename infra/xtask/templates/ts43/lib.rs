//! {{network}}: TS.43 through the phone's digital credentials, which works on Wi-Fi too.

use sna_protocols::{NumberForm, Ts43};

pub static ADAPTER: Ts43 = Ts43 {
    // What the operator approved for us, with exactly one purpose (`dpv:`).
    scope: "dpv:FraudPreventionAndDetection number-verification:verify",
    // Does `/verify` take the number itself, or its SHA-256?
    number_form: NumberForm::Plain,
};

sna_adapter::export_adapter!(ADAPTER);
