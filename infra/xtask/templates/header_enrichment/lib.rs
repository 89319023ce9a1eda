//! {{network}}: its proxies write the subscriber's number, encrypted for us, into a header of plain-http requests.

use sna_protocols::HeaderEnrichment;

pub static ADAPTER: HeaderEnrichment = HeaderEnrichment {
    // What a number without one belongs to.
    calling_code: "{{calling}}",
};

sna_adapter::export_adapter!(ADAPTER);
