//! The shop's backend, as its page asks it: begin, send a code, validate. It has the client secret, the access token and
//! the session; its page gets what `infra/clients/web` needs and no more.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Page, no_phone, wrong};
use crate::{
    customer::Question,
    flow::{NO_CALLBACK, is_true},
    hop::Hop,
    wire::{Event, Heard},
};

/// `POST /shop/begin`: the visitor wants to sign in.
pub async fn begin(State(Page(page)): State<Page>, headers: HeaderMap) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    let mut visit = session.visit();
    visit.correlation_id = Uuid::new_v4().simple().to_string();
    page.wire.tell(Heard { number: Some(visit.device.msisdn.clone()), network: None, event: Event::Begin });
    if let Some(token) = page.customer.sign_in().await.filter(|token| token.status != 200) {
        return pass_on(&token);
    }
    let client_ip = visit.device.client_ip.to_string();
    let ask = async |redirect_uri| {
        let (msisdn, correlation_id) = (&*visit.device.msisdn, &*visit.correlation_id);
        page.customer.get_config(&Question { msisdn, client_ip: &client_ip, correlation_id, redirect_uri }).await
    };
    let mut hop = ask((!visit.app).then_some(&*page.gateway.customer.redirect_uri)).await;
    // Some operators never send the handset back; then the page asks them itself, if it may.
    if hop.status == 400 && hop.json()["error_description"] == NO_CALLBACK {
        hop = ask(None).await;
    }
    if hop.status != 200 {
        return pass_on(&hop);
    }
    let config = hop.json();
    let sms = config["otp_authorization_uri"].is_string();
    let told =
        json!({ "id_token": config["id_token"], "authorize": config["authorize"], "app": visit.app, "sms": sms });
    visit.config = config;
    session.set(visit);
    Json(told).into_response()
}

/// `POST /shop/sms`: no other origin may read the gateway's answer, so the backend asks and passes it on.
pub async fn sms(State(Page(page)): State<Page>, headers: HeaderMap) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    match session.visit().config["otp_authorization_uri"].as_str() {
        Some(address) => pass_on(&page.customer.send_code(address).await),
        None => wrong(StatusCode::CONFLICT, "no code by SMS was offered").into_response(),
    }
}

/// `POST /shop/validate`: what the phone got. The backend adds the token that it kept, and tells its page no more than the
/// page needs: why a number was not confirmed is none of the phone's business; what was wrong with a code is.
pub async fn validate(
    State(Page(page)): State<Page>,
    headers: HeaderMap,
    Json(proof): Json<Map<String, Value>>,
) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    let visit = session.visit();
    if visit.config.is_null() {
        return wrong(StatusCode::CONFLICT, "no sign-in is under way on this phone").into_response();
    }
    let kept = ["code", "payload", "otp_code"];
    let mut proof: Map<String, Value> = proof.into_iter().filter(|(name, _)| kept.contains(&&**name)).collect();
    proof.insert("id_token".to_owned(), visit.config["id_token"].clone());
    proof.insert("correlation_id".to_owned(), visit.correlation_id.into());
    let hop = page.customer.validate(&proof.into()).await;
    let answer = hop.json();
    if hop.status != 200 {
        return pass_on(&hop);
    }
    let sms = is_true(&answer["fallback_advised"]) && visit.config["otp_authorization_uri"].is_string();
    let mut told = json!({ "authenticated": is_true(&answer["authenticated"]), "sms": sms });
    if answer["service"] == "otp" {
        told["reason"] = answer["reason"].clone();
    }
    Json(told).into_response()
}

/// Status, JSON and `Retry-After` of what the gateway answered.
fn pass_on(hop: &Hop) -> Response {
    let status = StatusCode::from_u16(hop.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let body = match hop.json() {
        Value::Null => json!({ "error": "the gateway", "error_description": hop.body }),
        json => json,
    };
    let mut response = (status, Json(body)).into_response();
    if let Some(value) = hop.retry_after.as_deref().and_then(|text| text.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
