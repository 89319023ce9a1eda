//! Verizon, through Vonage Verify v2. Its redirect would carry the code in a fragment, which no server sees, so the
//! handset takes it as JSON.

use sna_protocols::CheckUrl;

static VERIZON: CheckUrl = CheckUrl::Vonage;

sna_adapter::export_adapter!(VERIZON);
