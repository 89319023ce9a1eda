//! {{network}}, through an aggregator whose check the handset opens.

use sna_protocols::CheckUrl;

// `Tru` as here; `Vonage` (Verify v2: the handset gets JSON) and `Boku` (phoneIdUrl: `use_case`, and `air` for plain
// http) take other endpoints and credentials; see `shared/protocols/src/check_url`.
pub static ADAPTER: CheckUrl = CheckUrl::Tru {
    // What the aggregator approved for us.
    scope: "phone_check",
};

sna_adapter::export_adapter!(ADAPTER);
