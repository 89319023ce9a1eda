//! The customer's page at which a redirect flow ends, for those who follow it in a real browser.
//! It says what came back, escaped, and no more than the beginning of the code: that one is a one-use secret.

use std::collections::BTreeMap;

use axum::{extract::Query, response::Html};

use crate::hop::shorten;

/// `GET /customer/callback`.
pub async fn page(Query(fields): Query<BTreeMap<String, String>>) -> Html<String> {
    let rows: String = ["code", "correlation_id", "error", "error_description"]
        .iter()
        .filter_map(|name| fields.get(*name).map(|value| (name, value)))
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escape(&shorten(value))))
        .collect();
    let outcome =
        if fields.contains_key("code") { "The handset is back, with a code." } else { "The handset is back." };
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Demo Shop</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/style.css\">\
         <main class=\"callback\"><h1>Demo Shop</h1><p>{outcome} The shop's backend now asks the gateway what it \
         proves.</p><dl>{rows}</dl></main></html>"
    ))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
