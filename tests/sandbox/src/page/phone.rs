//! The phone under the page: a browser's own requests would come from this computer, so those of the shop's page and app go
//! through a handset, whose address is a SIM's.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Page, no_phone, session::Visit, wrong};
use crate::{
    handset::{Handset, is_at},
    hop::Hop,
};

#[derive(Deserialize)]
pub struct Choice {
    msisdn: String,
    app: bool,
}

#[derive(Deserialize)]
pub struct Asked {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
}

/// `POST /api/phone`: which phone this browser is from now on.
pub async fn choose(State(Page(page)): State<Page>, headers: HeaderMap, Json(choice): Json<Choice>) -> Response {
    let Some(device) = page.gateway.device(&choice.msisdn).cloned() else {
        return wrong(StatusCode::NOT_FOUND, "no such device").into_response();
    };
    let Ok(handset) = Handset::at(device.source_ip).map(Arc::new) else {
        return wrong(StatusCode::INTERNAL_SERVER_ERROR, "the handset cannot be made").into_response();
    };
    let visit = Visit { device, handset, app: choice.app, correlation_id: String::new(), config: Value::Null };
    match page.sessions.of(&headers) {
        Some(session) => {
            session.set(visit);
            StatusCode::NO_CONTENT.into_response()
        }
        None => ([(header::SET_COOKIE, page.sessions.open(visit))], StatusCode::NO_CONTENT).into_response(),
    }
}

/// `POST /phone/fetch`: a request over the phone's mobile data, and where it leads. A way that ends at the shop's page is
/// not gone to its end: that page is for the phone's screen.
pub async fn fetch(State(Page(page)): State<Page>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    let shop = &page.gateway.customer.redirect_uri;
    let handset = session.visit().handset;
    let hops = handset.fetch(&asked.method, &asked.url, &asked.headers, asked.body, Some(shop)).await;
    let last = hops.into_iter().next_back().unwrap_or_else(|| Hop::nothing("no phone can ask for this"));
    let location = last.location.filter(|location| is_at(location, shop));
    Json(json!({ "status": last.status, "body": last.body, "location": location })).into_response()
}

/// `POST /phone/wallet`: the operator's request for a credential of the SIM, answered by the phone's wallet.
pub async fn wallet(State(Page(page)): State<Page>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    let visit = session.visit();
    let Some(wallet) = visit.device.wallet else {
        return wrong(StatusCode::NOT_FOUND, "this phone has no wallet").into_response();
    };
    let json = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    let hops = visit.handset.fetch("POST", &wallet, &json, Some(request.to_string()), None).await;
    let answer = hops.last().filter(|hop| hop.status == 200).map(Hop::json);
    answer.map_or_else(
        || wrong(StatusCode::BAD_GATEWAY, "the wallet has none").into_response(),
        |json| Json(json).into_response(),
    )
}
