//! GSMA Mobile Connect Verified MSISDN, matched by hash (IDY.54, device-initiated profile v2.3):
//! CAMARA's ancestor, with its own authorize parameters, a mandatory id_token and the premiuminfo resource.

mod discovery;

use serde::Deserialize;
use serde_json::json;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, Io, Params, Stop, Verdict};

use crate::oidc::{self, ClientAuth};

/// What differs between deployments. The client authenticates by HTTP Basic (IDY.54).
pub struct MobileConnect {
    pub scope: &'static str,
    /// The profile's `version` parameter, e.g. `mc_di_r2_v2.3`.
    pub version: &'static str,
    /// Level of assurance asked for, one digit; "2" is seamless. The id_token's must not be lower.
    pub acr: &'static str,
    /// The authentication method that the id_token must name, e.g. `SEAM_OK`.
    pub amr: &'static str,
    /// `no_seam` asks the operator to look for phones behind a hotspot; not all know it.
    pub prompt: Option<&'static str>,
}

impl MobileConnect {
    /// The network recognises the SIM, and nobody is asked.
    pub const SEAMLESS: Self =
        Self { scope: "openid mc_vm_match_hash", version: "mc_di_r2_v2.3", acr: "2", amr: "SEAM_OK", prompt: None };
}

#[derive(Deserialize)]
struct Matched {
    sub: String,
    #[serde(rename = "device_msisdn_verified", deserialize_with = "oidc::lenient_bool")]
    verified: bool,
}

/// ISO/IEC 29115 levels are one digit; any other text is no level, whatever it sorts after.
fn level(acr: &str) -> Option<u8> {
    match acr.as_bytes() {
        [digit @ b'1'..=b'4'] => Some(*digit),
        _ => None,
    }
}

impl Adapter for MobileConnect {
    fn plan(&self, _: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        Ok(Authorize::default())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, kept: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let provider = discovery::provider(cx, kept, io)?;
        let correlation_id = oidc::fresh(cx, "correlation_id");
        let mut params = oidc::authorize_params(cx, &provider, self.scope);
        params.extend([
            ("version", self.version),
            ("acr_values", self.acr),
            ("correlation_id", correlation_id.as_str()),
        ]);
        params.extend(self.prompt.map(|prompt| ("prompt", prompt)));
        Ok(Arrived::Redirect { uri: oidc::authorize_uri(&provider, &params) })
    }

    fn callback(&self, cx: &Context, params: &Params, kept: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let provider = discovery::provider(cx, kept, io)?;
        let code = oidc::code(cx, &provider, params)?;
        let token = oidc::token(cx, &provider, ClientAuth::Basic, false, code, io)?;
        let id_token = oidc::id_token(cx, &provider, &token, io)?;
        let enough = level(&id_token.acr).is_some_and(|found| Some(found) >= level(self.acr));
        if !enough || !id_token.amr.iter().any(|amr| amr == self.amr) {
            return Err(Stop::failed(Verdict::ProtocolViolation, "the id_token's acr or amr is too weak"));
        }
        let claims = json!({ "mc_claims": { "device_msisdn_hash": oidc::number_hash(&cx.msisdn) } });
        let found: Matched =
            oidc::resource(io, oidc::post_json(&provider.resource_endpoint, &token.access_token, &claims))?;
        // OIDC Core 5.3.2: an answer about another subscriber than the id_token's must not be used.
        if found.sub != id_token.sub {
            return Err(Stop::failed(Verdict::ProtocolViolation, "the resource speaks of another subscriber"));
        }
        Ok(if found.verified { Verdict::Match } else { Verdict::Mismatch })
    }
}
