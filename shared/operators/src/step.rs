//! One step of an adapter: calls it, does what it asks, calls it again with a longer journal, and judges what it says.

use std::time::Duration;

use sna_adapter::{
    Answer, Ask, Call, Context, Entry, MAX_ASKS, MAX_KEPT, Operation, Outcome, Reply, Unreachable, Verdict,
};

use crate::{Done, Operator, http::Http, jwe, jwt, load::Adapter, number};

/// On whose behalf the host does what an adapter asks, and within which limits.
pub(crate) struct Errand<'a> {
    /// The operator, as the session's customer uses it.
    pub operator: &'a Operator,
    /// The session's, from which its encryption key is made.
    pub nonce: String,
    /// For one request.
    pub deadline: Duration,
    /// Unix seconds.
    pub now: u64,
}

pub(crate) struct Step<'a> {
    pub adapter: &'a Adapter,
    pub http: &'a Http,
    pub keys: &'a jwt::Keys,
    pub errand: Errand<'a>,
}

impl Step<'_> {
    /// `Err`: why the attempt ends, and the cause for the log.
    pub async fn run(&self, mut call: Call) -> Result<Done, (Verdict, String)> {
        let broken = |detail: &str| (Verdict::ConfigError, detail.to_owned());
        loop {
            let reply = self.adapter.step(&call).map_err(|error| broken(&error.to_string()))?;
            let ask = match reply {
                Reply::Done { outcome, kept } => {
                    return match self.fault(&call, &outcome, &kept) {
                        Some(fault) => Err(broken(fault)),
                        None => Ok(Done { outcome, kept }),
                    };
                }
                Reply::Failed { verdict: Verdict::Match, .. } => return Err(broken("it failed with a match")),
                Reply::Failed { verdict, detail } => return Err((verdict, detail)),
                Reply::Malformed { detail } if is_first_look(&call) => {
                    return Err((Verdict::ProtocolViolation, detail));
                }
                Reply::Malformed { .. } => return Err(broken("it calls malformed what is no payload, or too late")),
                Reply::Ask { .. } if call.journal.len() >= MAX_ASKS => {
                    return Err(broken("it asks too often in one step"));
                }
                Reply::Ask { ask } => ask,
            };
            if self.tells_the_number(&call.context, url_of(&ask)) {
                return Err(broken("it asks for a URL with the number"));
            }
            let answer = self.answer(&ask).await;
            call.journal.push(Entry { ask, answer });
        }
    }

    /// What is wrong with a finished step.
    fn fault(&self, call: &Call, outcome: &Outcome, kept: &str) -> Option<&'static str> {
        if kept.len() > MAX_KEPT {
            return Some("it keeps more than 4 KiB");
        }
        if !is_answer_to(&call.operation, outcome) {
            return Some("it answered another operation");
        }
        let uri = sends_to(outcome);
        let listed = |uri: &str| self.errand.operator.lists(uri) || is_below(uri, &call.context.enrich_uri);
        if uri.is_some_and(|uri| !listed(uri)) {
            return Some("it sends the handset to an origin that is not listed");
        }
        let told = self.tells_the_number(&call.context, uri)
            || parameters(outcome, &self.adapter.manifest.request_type)
                .any(|value| self.tells_the_number(&call.context, Some(value)));
        told.then_some("it sends the handset to a URL with the number")
    }

    /// The number in a URL stands in the logs of everybody who passes it on.
    fn tells_the_number(&self, context: &Context, url: Option<&str>) -> bool {
        let may = self.adapter.manifest.number_in_url;
        !may && url.is_some_and(|url| number::quotes(url, &context.msisdn))
    }

    async fn answer(&self, ask: &Ask) -> Answer {
        let forbidden = Answer::Unreachable { reason: Unreachable::Forbidden };
        let Errand { operator, nonce, .. } = &self.errand;
        let credentials = &operator.credentials;
        match ask {
            Ask::Http(request) => self.http.send(&self.errand, request).await,
            Ask::Sign { claims, key, typ, certificates } => {
                let jwt = jwt::sign(credentials, claims, *key, typ.as_deref(), certificates);
                jwt.map_or(forbidden, |jwt| Answer::Signed { jwt })
            }
            Ask::Mac { text } => jwt::mac(credentials, text).map_or(forbidden, |hex| Answer::Mac { hex }),
            Ask::Digest { before, after } => {
                jwt::digest(credentials, before, after).map_or(forbidden, |hex| Answer::Mac { hex })
            }
            Ask::Verify { jwt, jwks_uri } => self.keys.verify(self.http, &self.errand, jwt, jwks_uri).await,
            Ask::VerifyWith { jwt, jwk } => {
                jwt::verify_with(jwt, jwk).map_or(Answer::Rejected, |claims| Answer::Verified { claims })
            }
            Ask::EncryptionKey => {
                let key = credentials.decryption_key.as_ref();
                key.and_then(|key| jwe::public_key(key, nonce)).map_or(forbidden, |jwk| Answer::EncryptionKey { jwk })
            }
            Ask::Decrypt { jwe } => match &credentials.decryption_key {
                Some(key) => jwe::decrypt(key, nonce, jwe).map_or(Answer::Rejected, |text| Answer::Decrypted { text }),
                None => forbidden,
            },
        }
    }
}

fn is_answer_to(operation: &Operation, outcome: &Outcome) -> bool {
    match operation {
        Operation::Plan => matches!(outcome, Outcome::Authorize(_)),
        Operation::Arrive { .. } => !matches!(outcome, Outcome::Authorize(_)),
        Operation::Callback { .. } | Operation::Enriched { .. } | Operation::Validate { .. } => {
            matches!(outcome, Outcome::Verdict { .. })
        }
    }
}

/// Only a payload can be malformed, and only before anything was done with it.
fn is_first_look(call: &Call) -> bool {
    matches!(call.operation, Operation::Validate { .. }) && call.journal.is_empty()
}

/// Where the handset is sent, if not to our own `/v1/authenticate`.
fn sends_to(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Redirect { uri } => Some(uri),
        Outcome::Authorize(authorize) => authorize.uri.as_deref(),
        Outcome::Reply { .. } | Outcome::Verdict { .. } => None,
    }
}

/// What the handset will write into the URL: the parameters of a GET.
fn parameters<'a>(outcome: &'a Outcome, request_type: &str) -> impl Iterator<Item = &'a str> {
    let parameters = match outcome {
        Outcome::Authorize(authorize) if request_type == "GET" => Some(&authorize.parameters),
        _ => None,
    };
    parameters.into_iter().flat_map(|parameters| parameters.values()).map(String::as_str)
}

/// Is `uri` our own plain-http address with a query?
fn is_below(uri: &str, enrich_uri: &str) -> bool {
    let query = uri.strip_prefix(enrich_uri).filter(|_| !enrich_uri.is_empty());
    query.is_some_and(|query| query.starts_with('?') && query.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// The URL that we are to call.
fn url_of(ask: &Ask) -> Option<&str> {
    match ask {
        Ask::Http(request) => Some(&request.url),
        Ask::Verify { jwks_uri, .. } => Some(jwks_uri),
        _ => None,
    }
}
