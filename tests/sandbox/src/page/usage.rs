//! What a customer has used, for charts: counted by the functions, summed as `sna usage` sums it.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use sna_sessions::KEPT_DAYS;
use time::{Date, Duration, OffsetDateTime, format_description::well_known::Iso8601};

use super::{Page, wrong};
use crate::world::SMS_USD;

#[derive(Deserialize)]
pub struct Asked {
    /// The demo customer, unless another is named.
    #[serde(default)]
    customer: Option<String>,
    /// The first day of UTC, `2026-11-01`; else the thirtieth before the last.
    #[serde(default)]
    from: Option<String>,
    /// The last day; else today.
    #[serde(default)]
    to: Option<String>,
}

/// `GET /usage?customer=&from=&to=`: an object for each day and network.
pub async fn usage(State(Page(page)): State<Page>, Query(asked): Query<Asked>) -> Response {
    let day = |text: Option<String>| text.map(|text| Date::parse(&text, &Iso8601::DATE)).transpose();
    let (Ok(from), Ok(to)) = (day(asked.from), day(asked.to)) else {
        return wrong(StatusCode::BAD_REQUEST, "from and to are days such as 2026-11-01").into_response();
    };
    let to = to.unwrap_or_else(|| OffsetDateTime::now_utc().date());
    let from = from.unwrap_or_else(|| to.saturating_sub(Duration::days(30)));
    if (to - from).whole_days() >= i64::from(KEPT_DAYS) {
        return wrong(StatusCode::BAD_REQUEST, &format!("at most {KEPT_DAYS} days")).into_response();
    }
    let customer = asked.customer.unwrap_or_else(|| page.gateway.customer.client_id.clone());
    match page.usage.days(&customer, from, to, Some(SMS_USD)).await {
        Ok(used) => Json(used).into_response(),
        Err(error) => wrong(StatusCode::BAD_GATEWAY, &error.to_string()).into_response(),
    }
}
