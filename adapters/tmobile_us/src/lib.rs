//! T-Mobile US, through Boku (Twilio's SNA), which wants to know the consent that a check rests on. Header insertion
//! needs plain http, so the check may leave https.

use sna_protocols::CheckUrl;

static TMOBILE: CheckUrl = CheckUrl::Boku { use_case: "1", air: true };

sna_adapter::export_adapter!(TMOBILE);
