//! What lambda_http panics on, taken out of an event before it sees it: it builds a URI from the event and insists
//! that this succeeds, though host, path and query are whatever a client sent. We read none of them from the URI.

use lambda_http::{
    http::{HeaderMap, header},
    request::LambdaRequest,
};

/// Makes the parts of an event that become its URI fit to be one. Parameters keep their meaning.
pub fn tame(event: &mut LambdaRequest) {
    match event {
        LambdaRequest::ApiGatewayV2(event) => {
            without_host(&mut event.headers);
            event.request_context.domain_name = None;
            event.raw_path = Some(path(event.raw_path.take()));
            event.raw_query_string = event.raw_query_string.take().map(|query| encoded(&query));
        }
        LambdaRequest::ApiGatewayV1(event) => {
            without_host(&mut event.headers);
            without_host(&mut event.multi_value_headers);
            event.request_context.domain_name = None;
            event.path = Some(path(event.path.take()));
        }
        LambdaRequest::Alb(event) => {
            without_host(&mut event.headers);
            without_host(&mut event.multi_value_headers);
            event.path = Some(path(event.path.take()));
        }
        _ => {}
    }
}

fn without_host(headers: &mut HeaderMap) {
    headers.remove(header::HOST);
}

fn path(path: Option<String>) -> String {
    let path = encoded(&path.unwrap_or_default());
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// Percent-encodes what RFC 3986 does not let stand in a path or query; what is encoded already stays as it is.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | ..=b' ' | 0x7f.. => {
                encoded.push_str(&format!("%{byte:02X}"));
            }
            _ => encoded.push(char::from(byte)),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use lambda_http::{Request, RequestExt};
    use serde_json::json;

    use super::*;

    const HOSTILE: [&str; 7] = ["<", "a b", "\u{1}", "ä\"|", "%zz", "[::1", "//@:99999/"];

    fn taken(mut event: LambdaRequest) -> Request {
        tame(&mut event);
        event.into()
    }

    #[test]
    fn no_host_path_or_query_of_a_client_stops_an_event() {
        for text in HOSTILE {
            // A control character in a header ends at the gateway in front of us.
            let host = if text.contains(char::is_control) { "a b" } else { text };
            let v2 = json!({
                "version": "2.0", "routeKey": "$default", "rawPath": format!("/v1/{text}"),
                "rawQueryString": format!("id_token=x&y={text}"), "isBase64Encoded": false,
                "headers": { "host": host, "x-forwarded-proto": host },
                "requestContext": {
                    "accountId": "1", "apiId": "a", "domainName": text, "stage": "$default", "timeEpoch": 1,
                    "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" },
                },
            });
            let v1 = json!({
                "path": format!("{text}/v1"), "httpMethod": "GET", "headers": { "Host": host },
                "multiValueHeaders": { "Host": [host] }, "queryStringParameters": { "id_token": "x" },
                "multiValueQueryStringParameters": { "id_token": ["x"], text: [text] }, "isBase64Encoded": false,
                "requestContext": { "stage": "prod", "domainName": text, "httpMethod": "GET", "identity": {} },
            });
            let alb = json!({
                "path": format!("/{text}"), "httpMethod": "GET", "headers": { "host": host, "x-forwarded-proto": host },
                "queryStringParameters": { "id_token": "x" }, "multiValueHeaders": {},
                "multiValueQueryStringParameters": {}, "isBase64Encoded": false,
                "requestContext": { "elb": { "targetGroupArn": "arn" } },
            });
            for event in [v2, v1, alb] {
                let request = taken(serde_json::from_value(event.clone()).unwrap());
                assert_eq!(request.query_string_parameters().first("id_token"), Some("x"), "{event}");
            }
        }
    }

    #[test]
    fn what_is_encoded_already_stays() {
        assert_eq!(encoded("a=%2B+b&c=ä<"), "a=%2B+b&c=%C3%A4%3C");
    }
}
