//! A family, the operator's answers as data, and the driver that plays the host between them.

use serde_json::{Value, json};
use sna_adapter::{
    Adapter, Answer, Arrival, Ask, Call, Context, Entry, HttpResponse, MAX_ASKS, Operation, Outcome, Params, Reply,
    Unreachable, Verdict, step,
};
use sna_protocols::{Camara, MobileConnect, NumberForm};

pub const NUMBER: &str = "+447700900620";
/// Unix seconds.
pub const NOW: u64 = 1_800_000_000;

pub static MOBILE_CONNECT: MobileConnect = MobileConnect::SEAMLESS;
pub static NO_SEAM: MobileConnect = MobileConnect { prompt: Some("no_seam"), ..MobileConnect::SEAMLESS };
pub static CAMARA: Camara = Camara { request_object: false, ..Camara::BOOK };
pub static SIGNED_CAMARA: Camara = Camara::BOOK;
/// As older deployments have it.
pub static OLD_CAMARA: Camara = Camara {
    number_form: NumberForm::Hashed,
    mismatch: Some("does not match the user tied to the access token"),
    ..Camara::LEGACY
};
pub static HINTED_CAMARA: Camara = Camara { login_hint: true, ..Camara::LEGACY };

#[derive(Clone, Copy)]
pub struct Family {
    pub name: &'static str,
    pub adapter: &'static dyn Adapter,
    /// Where the resource says yes or no.
    pub field: &'static str,
}

pub static FAMILIES: [Family; 2] = [
    Family { name: "mobile connect", adapter: &MOBILE_CONNECT, field: "device_msisdn_verified" },
    Family { name: "camara", adapter: &CAMARA, field: "devicePhoneNumberVerified" },
];

/// What the operator would answer.
#[derive(Clone)]
pub struct Operator {
    pub token: Answer,
    pub verified: Answer,
    pub resource: Answer,
}

pub fn http(status: u16, body: &Value) -> Answer {
    text(status, &body.to_string())
}

pub fn text(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse { status, headers: [].into(), body: body.into() })
}

pub fn unreachable(reason: Unreachable) -> Answer {
    Answer::Unreachable { reason }
}

impl Family {
    /// Says yes.
    pub fn operator(&self) -> Operator {
        let token = json!({ "access_token": "AT", "token_type": "bearer", "expires_in": 300, "id_token": "J.W.T" });
        Operator { token: http(200, &token), verified: claims(&json!({})), resource: self.says(&json!(true)) }
    }

    pub fn says(&self, answer: &Value) -> Answer {
        http(200, &json!({ "sub": "PCR", self.field: answer }))
    }

    pub fn verdict(&self, params: &Params, operator: &Operator) -> Verdict {
        self.drive(params, operator).1
    }

    /// The whole callback, as the host drives it: its journal, and its verdict.
    pub fn drive(&self, params: &Params, operator: &Operator) -> (Vec<Entry>, Verdict) {
        let mut journal = Vec::new();
        loop {
            let ask = match step(self.adapter, call(params, &journal)) {
                Reply::Done { outcome: Outcome::Verdict { verdict }, .. } => return (journal, verdict),
                Reply::Done { .. } => panic!("{}: a callback ends with a verdict", self.name),
                Reply::Failed { verdict, detail } => {
                    assert_ne!(verdict, Verdict::Match, "{}: {detail}", self.name);
                    assert!(!detail.contains(&NUMBER[4..]), "{}: {detail}", self.name);
                    return (journal, verdict);
                }
                Reply::Malformed { .. } => panic!("{}: a callback has no payload", self.name),
                Reply::Ask { ask } => ask,
            };
            assert!(journal.len() < MAX_ASKS);
            let answer = match &ask {
                Ask::Http(request) if request.url.ends_with("/token") => &operator.token,
                Ask::Http(_) => &operator.resource,
                Ask::Verify { .. } => &operator.verified,
                _ => panic!("nothing else is asked here"),
            };
            journal.push(Entry { ask, answer: answer.clone() });
        }
    }

    /// Where the handset is sent.
    pub fn authorize(&self, context: Context) -> String {
        let operation = Operation::Arrive { request: Arrival { method: "GET".into() } };
        match step(self.adapter, Call { operation, context, journal: Vec::new() }) {
            Reply::Done { outcome: Outcome::Redirect { uri }, .. } => uri,
            _ => panic!("{}: the handset is sent on", self.name),
        }
    }
}

/// Good claims of an id_token with these put over them; null takes one away.
pub fn claims(over: &Value) -> Answer {
    let mut claims = json!({
        "iss": "https://op.example", "sub": "PCR", "aud": "client", "azp": "client", "exp": NOW + 300, "iat": NOW,
        "nonce": "NONCE", "acr": "2", "amr": ["SEAM_OK"],
    });
    for (name, value) in over.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Answer::Verified { claims }
}

pub fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What comes back when all is well.
pub fn good() -> Params {
    params(&[("state", "STATE"), ("iss", "https://op.example"), ("code", "CODE")])
}

pub fn call(params: &Params, journal: &[Entry]) -> Call {
    let operation = Operation::Callback { params: params.clone() };
    Call { operation, context: context(), journal: journal.to_vec() }
}

pub fn context() -> Context {
    Context {
        msisdn: NUMBER.into(),
        callback_uri: "https://gateway.example/v1/callback/op".into(),
        state: "STATE".into(),
        nonce: "NONCE".into(),
        verifier: "VERIFIER".into(),
        challenge: "CHALLENGE".into(),
        now: NOW,
        config: json!({
            "issuer": "https://op.example",
            "authorization_endpoint": "https://op.example/authorize",
            "token_endpoint": "https://op.example/token",
            "resource_endpoint": "https://op.example/verify",
            "jwks_uri": "https://op.example/jwks",
            "client_id": "client",
        }),
        ..Context::default()
    }
}
