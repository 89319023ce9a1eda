//! Vodafone Germany: as Vodafone in the UK (Number Verify 1.1.1), with the country's own credentials and tokens.

use sna_protocols::MobileConnect;

static VODAFONE_DE: MobileConnect = MobileConnect::SEAMLESS;

sna_adapter::export_adapter!(VODAFONE_DE);
