//! O2 UK: CAMARA Number Verification 2.1.0. O2 publishes no protocol document of its own:
//! shape inferred from the CAMARA profile, endpoints by contract.

use sna_protocols::Camara;

static O2: Camara = Camara { request_object: false, ..Camara::BOOK };

sna_adapter::export_adapter!(O2);
