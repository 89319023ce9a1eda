//! What is wrong whatever the endpoint: path, method, size, media type. And what no answer has: CORS.

use crate::{
    answer::{field, invalid, refused, token},
    target::Target,
};

/// Path and methods.
const ENDPOINTS: [(&str, &str); 8] = [
    ("/v1/oauth/token", "POST"),
    ("/v1/get_config", "POST"),
    ("/v1/authenticate", "GET, POST"),
    ("/v1/authenticate/otp", "GET"),
    ("/v1/callback/vodafone", "GET, POST"),
    ("/v1/validate", "POST"),
    ("/v1/coverage", "GET"),
    ("/v1/.well-known/paseto-keys", "GET"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_not_found() {
    let target = Target::open().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/Validate",
        "/v1/validate/",
        "/v2/validate",
        "/v1/callback/",
        "/v1/enrich/x",
    ] {
        let call = target.get(path);
        if target.has_router() {
            assert_eq!(call.send_past().await.status, 404, "the router's own answer to {path}");
        } else {
            assert_eq!(call.send().await, refused(404, "invalid_request", "There is nothing at this path."), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_listed_is_refused_with_those_that_are() {
    let target = Target::open().await;
    for (path, allowed) in ENDPOINTS {
        let expected = refused(405, "invalid_request", "This method is not allowed here.").with("allow", allowed);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !allowed.contains(method) {
                assert_eq!(target.call(method, path).send().await, expected, "{method} {path}");
            }
        }
        let head = target.call("HEAD", path).send().await;
        assert_eq!(head, expected.clone().without_body(), "HEAD {path}");
        if !target.is_local_run {
            assert_eq!(target.call("OPTIONS", path).send().await, expected, "OPTIONS {path}");
        }
    }
}

/// Only a link of an operator that pages ask (`ajax`) is for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_read_nothing() {
    let target = Target::open().await;
    for (path, _) in ENDPOINTS {
        for method in ["GET", "POST"] {
            let call = target.call(method, path).header("origin", "https://evil.test");
            let answer = call.send().await;
            let open = answer.headers.keys().find(|name| name.starts_with("access-control-"));
            assert_eq!(open, None, "{method} {path}");
        }
        if !target.is_local_run {
            let asked = target.call("OPTIONS", path).header("origin", "https://evil.test");
            let answer = asked.header("access-control-request-method", "POST").send().await;
            assert_eq!(answer.status, 405, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_16_kib_or_a_url_over_8_kib_is_too_large() {
    let target = Target::open().await;
    let large = refused(413, "invalid_request", "The body is over 16 KiB or the URL is over 8 KiB.");
    for (path, allowed) in ENDPOINTS {
        if allowed.contains("POST") {
            assert_eq!(target.post(path).form("x".repeat(16 * 1024 + 1)).await, large, "{path}");
        }
        let method = allowed.split(',').next().unwrap_or_default();
        let long = format!("{path}?id_token={}", "x".repeat(8 * 1024));
        assert_eq!(target.call(method, &long).send().await, large, "{method} {path}");
    }
    // At the limits it is looked at.
    let query = "/v1/authenticate?id_token=";
    let fits = format!("{query}{}", "x".repeat(8 * 1024 - query.len()));
    assert_eq!(target.get(&fits).send().await, token());
    let fits = format!("state={}", "x".repeat(16 * 1024 - "state=".len()));
    assert_eq!(target.post("/v1/callback/vodafone").form(fits).await, token());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_media_type_that_is_not_listed_is_refused() {
    let target = Target::open().await;
    let media = refused(415, "invalid_request", "The body's media type is not accepted here.");
    let access = target.sign_in("otp").await;
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let endpoints = [
        ("/v1/oauth/token", &[form] as &[&str]),
        ("/v1/get_config", &[form, json]),
        ("/v1/authenticate", &[form, json]),
        ("/v1/callback/vodafone", &[form]),
        ("/v1/validate", &[json]),
    ];
    for (path, accepted) in endpoints {
        for media_type in [form, json, "text/plain", "multipart/form-data; boundary=x", "application/jsonp", "", ";"] {
            let call = match path {
                "/v1/oauth/token" => {
                    target.post(path).basic(&target.customer.client_id, &target.customer.client_secret)
                }
                _ => target.post(path).bearer(&access),
            };
            let answer = call.body(media_type, "x").await;
            let expected = if accepted.contains(&media_type) { field() } else { media.clone() };
            assert_eq!(answer, expected, "{path} {media_type}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_request_comes_back_in_a_refusal() {
    let target = Target::open().await;
    let mark = "%3Cscript%3E";
    let answer = target.get(&format!("/v1/authenticate?id_token={mark}&{mark}={mark}")).send().await;
    assert_eq!(answer, invalid("The provided token is invalid."));
}
