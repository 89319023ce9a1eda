//! Telkomsel: TS.43 through the phone's digital credentials, which aggregators offer for it. Telkomsel publishes no
//! protocol document of its own: shape of CAMARA's companion guide, endpoints by contract.

use sna_protocols::{NumberForm, Ts43};

static TELKOMSEL_ID: Ts43 =
    Ts43 { scope: "dpv:FraudPreventionAndDetection number-verification:verify", number_form: NumberForm::Plain };

sna_adapter::export_adapter!(TELKOMSEL_ID);
