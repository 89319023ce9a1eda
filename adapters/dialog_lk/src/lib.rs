//! Dialog Sri Lanka: its proxies write an encrypted number into the `msisdn` header of plain-http requests to listed
//! hosts. That it does so, and from which addresses, is published; how the value is encrypted is not: a compact JWE here.

use sna_protocols::HeaderEnrichment;

static DIALOG_LK: HeaderEnrichment = HeaderEnrichment { calling_code: "94" };

sna_adapter::export_adapter!(DIALOG_LK);
