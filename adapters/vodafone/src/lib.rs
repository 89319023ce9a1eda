//! Vodafone: GSMA Mobile Connect Verified MSISDN with a hashed number, the product that it documents
//! publicly for ten countries (Number Verify 1.1.1), the UK among them.

use sna_protocols::{ClientAuth, MobileConnect};

static VODAFONE: MobileConnect = MobileConnect {
    scope: "openid mc_vm_match_hash",
    version: "mc_di_r2_v2.3",
    acr: "2",
    amr: "SEAM_OK",
    client_auth: ClientAuth::Basic,
};

sna_adapter::export_adapter!(VODAFONE);
