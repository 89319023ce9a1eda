//! {{network}}: GSMA Mobile Connect, Verified MSISDN with a hashed number.

use sna_protocols::MobileConnect;

pub static ADAPTER: MobileConnect = MobileConnect {
    // What the operator approved for us.
    scope: "openid mc_vm_match_hash",
    // The profile's `version` parameter.
    version: "mc_di_r2_v2.3",
    // The level of assurance asked for; "2" is seamless. The id_token's must not be lower.
    acr: "2",
    // The authentication method that its id_token must name.
    amr: "SEAM_OK",
    // `Some("no_seam")` asks it to look for phones behind a hotspot.
    prompt: None,
};

sna_adapter::export_adapter!(ADAPTER);
