//! The routes of template.yaml are those of the local run, and each leads to the function whose path it is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    cargo_metadata,
    template::{references, resources, template},
};

/// Path to package, of `[workspace.metadata.lambda.watch.router]`.
pub fn router() -> BTreeMap<String, String> {
    serde_json::from_value(cargo_metadata()["metadata"]["lambda"]["watch"]["router"].clone()).expect("a router")
}

fn faults(template: &Value) -> Vec<String> {
    let by_name = |kind| resources(template, kind).collect::<BTreeMap<_, _>>();
    let functions = by_name("AWS::Serverless::Function");
    let integrations = by_name("AWS::ApiGatewayV2::Integration");
    let permissions: Vec<_> =
        resources(template, "AWS::Lambda::Permission").map(|(_, permission)| permission).collect();
    let one = |value: &Value| references(value).into_iter().next().unwrap_or_default();
    let mut routes = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, route) in resources(template, "AWS::ApiGatewayV2::Route") {
        let Some(path) = route["RouteKey"].as_str().and_then(|key| key.strip_prefix("ANY ")) else {
            faults.push(format!("{name} is not for any method"));
            continue;
        };
        let function =
            integrations.get(one(&route["Target"]).as_str()).map(|integration| one(&integration["IntegrationUri"]));
        let function = function.unwrap_or_default();
        let code =
            functions.get(function.as_str()).and_then(|function| function["CodeUri"].as_str()).unwrap_or_default();
        routes.insert(path.to_owned(), code.rsplit('/').next().unwrap_or_default().to_owned());
        let source = format!("/*/*{}", path.replace("{vendor}", "*"));
        let may = permissions.iter().any(|permission| {
            let of =
                permission["SourceArn"]["!Sub"].as_str().is_some_and(|arn| arn.ends_with(&format!("${{Api}}{source}")));
            of && one(&permission["FunctionName"]) == function && permission["Principal"] == "apigateway.amazonaws.com"
        });
        if !may {
            faults.push(format!("the API may not call {function} at {path}"));
        }
    }
    // The load balancer's rule has this one: an HTTP API speaks no plain http.
    let rule = &template["Resources"]["EnrichRule"]["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"][0];
    if *rule == "/v1/enrich/*" {
        routes.insert("/v1/enrich/{vendor}".to_owned(), "enrich".to_owned());
    }
    if routes != router() {
        faults.push(format!("the routes are {routes:#?}"));
    }
    faults
}

#[test]
fn the_template_has_the_routes_of_the_local_run() {
    let faults = faults(&template("template.yaml"));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_route_that_is_missing_wrong_or_closed_is_found() {
    let whole = template("template.yaml").to_string();
    for (right, wrong) in [
        ("ANY /v1/coverage", "ANY /v1/cover"),
        ("ANY /v1/validate", "POST /v1/validate"),
        ("integrations/${KeysIntegration}", "integrations/${CoverageIntegration}"),
        ("${Api}/*/*/v1/oauth/token", "${Api}/*/*/v1/token"),
        ("\"!Ref\":\"Callback\"", "\"!Ref\":\"Authenticate\""),
        ("/v1/enrich/*", "/v1/*"),
    ] {
        let broken = whole.replace(right, wrong);
        assert!(broken != whole, "{right} is not there");
        assert!(!faults(&serde_json::from_str(&broken).expect("JSON")).is_empty(), "{wrong} passes");
    }
}

#[test]
fn no_log_has_a_path_or_a_query_string() {
    let template = template("template.yaml");
    let format =
        template["Resources"]["Stage"]["Properties"]["AccessLogSettings"]["Format"].as_str().expect("a format");
    for leak in ["path", "query", "header", "body", "httpMethod", "authorizer", "protocol"] {
        assert!(!format.to_ascii_lowercase().contains(&leak.to_ascii_lowercase()), "{leak}");
    }
    let (_, distribution) = resources(&template, "AWS::CloudFront::Distribution").next().expect("a distribution");
    assert!(distribution["DistributionConfig"]["Logging"].is_null());
}

#[test]
fn the_distribution_keeps_no_answer() {
    let template = template("template.yaml");
    let config = &template["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    // CachingDisabled, of CloudFront's managed policies.
    assert_eq!(config["DefaultCacheBehavior"]["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
    assert_eq!(config["Origins"][0]["ConnectionAttempts"], 1);
    // Of refusals it keeps these for ten seconds where nothing else is said (CloudFront's guide, error caching).
    let responses = config["CustomErrorResponses"].as_array().expect("responses");
    let kept = responses.iter().filter(|response| response["ErrorCachingMinTTL"] != 0);
    assert_eq!(kept.count(), 0);
    let codes: Vec<_> = responses.iter().filter_map(|response| response["ErrorCode"].as_u64()).collect();
    assert_eq!(codes, [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]);
}
