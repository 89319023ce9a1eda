//! CAMARA Number Verification 2.1.0: OpenID Connect code flow over mobile data, then `POST /verify`.
//! The operator guarantees no interaction; the number is compared by the operator, not by us.

use serde::Deserialize;
use serde_json::json;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, Io, Params, Stop, Verdict};

use crate::oidc::{self, ClientAuth, Provider};

/// How the number travels to `/verify`.
#[derive(Clone, Copy)]
pub enum NumberForm {
    Plain,
    /// Hex SHA-256 of E.164 with its `+`.
    Hashed,
}

/// What differs between deployments.
pub struct Camara {
    /// Exactly one `dpv:` purpose; older deployments join it with `#`.
    pub scope: &'static str,
    pub client_auth: ClientAuth,
    pub pkce: bool,
    /// Is an id_token promised, and so checked?
    pub id_token: bool,
    pub number_form: NumberForm,
}

#[derive(Deserialize)]
struct Verified {
    #[serde(rename = "devicePhoneNumberVerified", deserialize_with = "oidc::lenient_bool")]
    verified: bool,
}

impl Adapter for Camara {
    fn plan(&self, _: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        Ok(oidc::by_redirect())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        let provider: Provider = cx.config()?;
        let mut more = vec![("prompt", "none")];
        if self.pkce {
            more.extend([("code_challenge", cx.challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        Ok(Arrived::Redirect { uri: oidc::authorize_uri(cx, &provider, self.scope, &more) })
    }

    fn callback(&self, cx: &Context, params: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let provider: Provider = cx.config()?;
        let code = oidc::code(cx, &provider, params)?;
        let token = oidc::token(cx, &provider, self.client_auth, self.pkce, code, io)?;
        if self.id_token {
            oidc::id_token(cx, &provider, &token, io)?;
        }
        let number = match self.number_form {
            NumberForm::Plain => json!({ "phoneNumber": cx.msisdn }),
            NumberForm::Hashed => json!({ "hashedPhoneNumber": oidc::number_hash(&cx.msisdn) }),
        };
        let found: Verified =
            oidc::resource(io, oidc::post_json(&provider.resource_endpoint, &token.access_token, &number))?;
        Ok(if found.verified { Verdict::Match } else { Verdict::Mismatch })
    }
}
