//! Telekom Deutschland: CAMARA Number Verification 2.1.0, signed request objects included. Telekom proposed the API,
//! and publishes no endpoint: shape inferred from the CAMARA profile, endpoints by contract.

use sna_protocols::Camara;

static TELEKOM_DE: Camara = Camara::BOOK;

sna_adapter::export_adapter!(TELEKOM_DE);
