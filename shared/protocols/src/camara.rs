//! CAMARA Number Verification: OpenID Connect code flow over mobile data, then `POST /verify`; 2.1.0 by the book, and
//! what the deployed older versions differ in. The operator guarantees no interaction, and compares the number itself.

use serde::Deserialize;
use serde_json::json;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, Io, Key, Params, Stop, Verdict};

use crate::{
    oidc::{self, ClientAuth, Provider},
    refusal,
};

/// How the number travels to `/verify`.
#[derive(Clone, Copy)]
pub enum NumberForm {
    Plain,
    /// Hex SHA-256 of E.164 with its `+`.
    Hashed,
}

/// What differs between deployments. The API's version is in the path of the table's `resource_endpoint`.
pub struct Camara {
    /// Exactly one `dpv:` purpose; older deployments join it with `#`.
    pub scope: &'static str,
    pub client_auth: ClientAuth,
    /// Without it the code is bound to the session by `state` alone, and by the id_token's `nonce` where there is one.
    pub pkce: bool,
    /// Are the parameters signed (RFC 9101)? Then the query repeats only what CAMARA's profile wants in it.
    pub request_object: bool,
    /// Is an id_token promised, and so checked?
    pub id_token: bool,
    /// Does the operator want the number at authorize too, as `login_hint=tel:+…`? It is in a URL then.
    pub login_hint: bool,
    pub number_form: NumberForm,
    /// What a 403 of this operator's `/verify` says where it has compared, and the device has another number.
    pub mismatch: Option<&'static str>,
}

impl Camara {
    /// By the book: number 2.1.0 of the API, and the Security and Interoperability Profile.
    pub const BOOK: Self = Self {
        scope: "openid dpv:FraudPreventionAndDetection number-verification:verify",
        client_auth: ClientAuth::PrivateKeyJwt,
        pkce: true,
        request_object: true,
        id_token: true,
        login_hint: false,
        number_form: NumberForm::Plain,
        mismatch: None,
    };
    /// As the operators began, and mostly still are: v0 and v1 of the API, the purpose joined to the scope.
    pub const LEGACY: Self = Self {
        scope: "dpv:FraudPreventionAndDetection#number-verification-verify-read",
        client_auth: ClientAuth::Basic,
        pkce: false,
        request_object: false,
        id_token: false,
        ..Self::BOOK
    };
}

#[derive(Deserialize)]
struct Verified {
    #[serde(rename = "devicePhoneNumberVerified", deserialize_with = "oidc::lenient_bool")]
    verified: bool,
}

impl Adapter for Camara {
    fn plan(&self, _: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        Ok(Authorize::default())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let provider: Provider = cx.config()?;
        let hint = format!("tel:{}", cx.msisdn);
        let mut params = oidc::authorize_params(cx, &provider, self.scope);
        params.push(("prompt", "none"));
        if self.pkce {
            params.extend([("code_challenge", cx.challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        if self.login_hint {
            params.push(("login_hint", &hint));
        }
        if !self.request_object {
            return Ok(Arrived::Redirect { uri: oidc::authorize_uri(&provider, &params) });
        }
        let object = oidc::request_object(cx, &provider, &params, Key::Private, io)?;
        params.retain(|(name, _)| matches!(*name, "response_type" | "client_id" | "redirect_uri" | "scope"));
        params.push(("request", &object));
        Ok(Arrived::Redirect { uri: oidc::authorize_uri(&provider, &params) })
    }

    fn callback(&self, cx: &Context, params: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let provider: Provider = cx.config()?;
        let code = oidc::code(cx, &provider, params)?;
        let token = oidc::token(cx, &provider, self.client_auth, self.pkce, code, io)?;
        if self.id_token {
            oidc::id_token(cx, &provider, &token, io)?;
        }
        verify(cx, &provider.resource_endpoint, &token.access_token, self.number_form, self.mismatch, io)
    }
}

/// `POST /verify`, with a token that belongs to the handset's SIM: the operator compares. `mismatch` as in [`Camara`].
pub fn verify(
    cx: &Context,
    endpoint: &str,
    token: &str,
    form: NumberForm,
    mismatch: Option<&str>,
    io: &mut Io,
) -> Result<Verdict, Stop> {
    let number = match form {
        NumberForm::Plain => json!({ "phoneNumber": cx.msisdn }),
        NumberForm::Hashed => json!({ "hashedPhoneNumber": oidc::number_hash(&cx.msisdn) }),
    };
    let mut request = oidc::post_json(endpoint, token, &number);
    request.headers.insert("x-correlator".into(), oidc::fresh(cx, "x-correlator"));
    let response = io.send(request)?;
    let said = |text: &str| response.error().1.to_lowercase().contains(text);
    if response.status == 403 && mismatch.is_some_and(said) {
        return Ok(Verdict::Mismatch);
    }
    if response.status != 200 {
        return Err(refusal::at_resource(&response));
    }
    let found: Verified = response.json()?;
    Ok(if found.verified { Verdict::Match } else { Verdict::Mismatch })
}
