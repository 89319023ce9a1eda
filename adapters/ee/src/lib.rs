//! EE: GSMA Mobile Connect Verified MSISDN, its endpoints by discovery. EE publishes no protocol document of its own:
//! shape inferred from the Mobile Connect documents, endpoints by contract.

use sna_protocols::MobileConnect;

static EE: MobileConnect = MobileConnect { prompt: Some("no_seam"), ..MobileConnect::SEAMLESS };

sna_adapter::export_adapter!(EE);
