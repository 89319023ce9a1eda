//! Orange France: CAMARA Number Verification as Orange documents it, with the purpose joined to the scope and HTTP Basic.

use sna_protocols::Camara;

static ORANGE_FR: Camara = Camara {
    scope: "dpv:FraudPreventionAndDetection#number-verification:verify",
    mismatch: Some("does not match the user tied to the access token"),
    ..Camara::LEGACY
};

sna_adapter::export_adapter!(ORANGE_FR);
