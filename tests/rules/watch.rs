//! infra/watch.yaml counts what the functions log, and nothing that nobody logs: a misspelt metric is an alarm that
//! never rings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::{each, resources, template};

const OURS: &str = "SilentAuthGateway";

/// Metric and the names of its dimensions, of every series that the functions log.
fn logged() -> BTreeSet<(String, BTreeSet<String>)> {
    let names = |set: &[&str]| set.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let series = |group: &'static sna_api::Group| {
        let metrics = group.metrics.iter();
        metrics.flat_map(move |(metric, _)| group.dimensions.iter().map(move |set| ((*metric).to_owned(), names(set))))
    };
    sna_api::GROUPS.iter().flat_map(series).collect()
}

/// Metric, and dimensions with their values; a value that is no text is empty.
type Series = (String, BTreeMap<String, String>);

fn series(metric: &Value) -> Option<Series> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dimension = |dimension: &Value| (text(&dimension["Name"]), text(&dimension["Value"]));
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten().map(dimension).collect();
    (metric["Namespace"] == OURS).then(|| (text(&metric["MetricName"]), dimensions))
}

/// What the alarms of a template look at, of ours.
fn alarmed(watch: &Value) -> Vec<Series> {
    let alarms = resources(watch, "AWS::CloudWatch::Alarm");
    let metrics = alarms.flat_map(|(_, alarm)| {
        let several = alarm["Metrics"].as_array().into_iter().flatten().map(|metric| &metric["MetricStat"]["Metric"]);
        std::iter::once(alarm).chain(several).filter_map(series).collect::<Vec<_>>()
    });
    metrics.collect()
}

/// The dashboard's body with something in place of what `!Sub` puts in.
fn dashboard(watch: &Value) -> Value {
    let (_, dashboard) = resources(watch, "AWS::CloudWatch::Dashboard").next().expect("a dashboard");
    let body = dashboard["DashboardBody"]["!Sub"].as_str().expect("text");
    let body =
        ["${Stack}", "${ApiId}", "${AWS::Region}"].iter().fold(body.to_owned(), |body, name| body.replace(name, "x"));
    assert!(!body.contains("${"), "{body}");
    serde_json::from_str(&body).expect("JSON")
}

/// What a dashboard shows, of ours: rows of `[namespace, metric, name, value, …]`, and searches
/// `{namespace,name,…} MetricName="metric" name="value"`.
fn shown(body: &Value) -> Vec<Series> {
    let widgets = body["widgets"].as_array().expect("widgets").iter();
    let rows = widgets.flat_map(|widget| each(&widget["properties"]["metrics"]));
    rows.filter_map(|row| match row[0]["expression"].as_str() {
        Some(search) => {
            let schema = search.split(['{', '}']).nth(1).unwrap_or_default();
            let mut names = schema.split(',');
            let said = |name: &str| search.split(&format!(" {name}=\"")).nth(1)?.split('"').next().map(str::to_owned);
            (names.next() == Some(OURS)).then(|| {
                let dimensions = names.map(|name| (name.to_owned(), said(name).unwrap_or_default())).collect();
                (said("MetricName").unwrap_or_default(), dimensions)
            })
        }
        None => {
            let words: Vec<_> = each(row).into_iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let dimensions = words.get(2..).unwrap_or_default().chunks_exact(2);
            let dimensions = dimensions.map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            (words.first().is_some_and(|namespace| namespace == OURS)).then(|| (words[1].clone(), dimensions))
        }
    })
    .collect()
}

/// The values that a dimension can have, where they are a closed set.
fn closed(dimension: &str) -> Option<BTreeSet<String>> {
    let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    match dimension {
        "cause" => Some(set(&["spend_limit", "opted_out", "sandboxed", "throttled", "unavailable", "refused"])),
        "verdict" => {
            let file = std::fs::read_to_string(crate::root().join("shared/adapter/src/messages.rs")).expect("a file");
            let body =
                file.split("pub enum Verdict {").nth(1).and_then(|rest| rest.split('}').next()).expect("verdicts");
            let verdicts = body.split(',').map(str::trim).filter(|name| !name.is_empty());
            Some(verdicts.map(screaming).collect())
        }
        // Which no request reaches has its name there.
        "endpoint" => {
            let paths = crate::routes::router().into_keys().map(|path| path.replace("{vendor}", ""));
            Some(paths.chain(["notify".to_owned()]).collect())
        }
        _ => None,
    }
}

/// `ConfigError` is `CONFIG_ERROR` on the wire and in the log.
fn screaming(name: &str) -> String {
    let letter = |(at, letter): (usize, char)| {
        let gap = if at > 0 && letter.is_uppercase() { "_" } else { "" };
        format!("{gap}{}", letter.to_ascii_uppercase())
    };
    name.chars().enumerate().map(letter).collect()
}

fn faults(watch: &Value) -> Vec<String> {
    let logged = logged();
    let mut faults = Vec::new();
    let seen = [alarmed(watch), shown(&dashboard(watch))].concat();
    for (metric, dimensions) in &seen {
        let names: BTreeSet<String> = dimensions.keys().cloned().collect();
        if !logged.contains(&(metric.clone(), names)) {
            faults.push(format!("nobody logs {metric} by {dimensions:?}"));
        }
        for (name, value) in dimensions.iter().filter(|(_, value)| !value.is_empty()) {
            if closed(name).is_some_and(|values| !values.contains(value)) {
                faults.push(format!("{name} is never {value}"));
            }
        }
    }
    let all: BTreeSet<_> = seen.into_iter().map(|(metric, _)| metric).collect();
    faults.extend(
        logged
            .into_iter()
            .filter(|(metric, _)| !all.contains(metric))
            .map(|(metric, _)| format!("nobody looks at {metric}")),
    );
    faults
}

#[test]
fn alarms_and_dashboard_look_at_what_is_logged() {
    let watch = template("infra/watch.yaml");
    assert!(alarmed(&watch).len() > 20 && shown(&dashboard(&watch)).len() > 15);
    let faults = faults(&watch);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_misspelt_metric_dimension_or_value_is_found() {
    let watch = template("infra/watch.yaml").to_string();
    for (right, wrong) in [
        ("\"MetricName\":\"secrets_stale\"", "\"MetricName\":\"stale_secrets\""),
        ("\"Value\":\"CONFIG_ERROR\"", "\"Value\":\"CONFIGURATION\""),
        ("\"Value\":\"sandboxed\"", "\"Value\":\"sandbox\""),
        ("\"Name\":\"cause\"", "\"Name\":\"reason\""),
        ("\"Value\":\"/v1/callback/\"", "\"Value\":\"/v1/callback\""),
        ("\\\"otp_sent\\\"", "\\\"sms_sent\\\""),
        ("{SilentAuthGateway,stack,network}", "{SilentAuthGateway,stack}"),
        ("cold_starts", "cold_start"),
    ] {
        let broken = watch.replace(right, wrong);
        assert!(broken != watch, "{right} is not there");
        let broken = serde_json::from_str(&broken).expect("JSON");
        assert!(!faults(&broken).is_empty(), "{wrong} passes");
    }
}

#[test]
fn every_alarm_says_what_to_do_and_tells_somebody() {
    let watch = template("infra/watch.yaml");
    for (name, alarm) in resources(&watch, "AWS::CloudWatch::Alarm") {
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.matches(". ").count() >= 1), "{name}");
        assert_eq!(alarm["AlarmActions"][0]["!Ref"], "Alerts", "{name}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
    }
}

/// An alarm on a formula has at most ten (Amazon CloudWatch, "Alarm limits"); the emulator takes more.
#[test]
fn no_alarm_looks_at_more_than_ten_metrics() {
    let watch = template("infra/watch.yaml");
    for (name, alarm) in resources(&watch, "AWS::CloudWatch::Alarm") {
        let metrics = each(&alarm["Metrics"]).into_iter().filter(|metric| !metric["MetricStat"].is_null()).count();
        assert!(metrics <= 10, "{name} looks at {metrics}");
    }
}

#[test]
fn near_its_timeout_is_measured_by_the_timeouts_of_the_template() {
    let (watch, gateway) = (template("infra/watch.yaml"), template("template.yaml"));
    let metrics = each(&watch["Resources"]["NearTimeout"]["Properties"]["Metrics"]);
    let expression = metrics.iter().find_map(|metric| metric["Expression"].as_str()).expect("an expression");
    for (name, function) in resources(&gateway, "AWS::Serverless::Function") {
        let function_name =
            function["FunctionName"]["!Sub"].as_str().expect("a name").replace("AWS::StackName", "Stack");
        let by = |metric: &&&Value| metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["!Sub"] == function_name;
        let id = metrics.iter().find(by).and_then(|metric| metric["Id"].as_str()).expect("a metric");
        let milliseconds = function["Timeout"].as_u64().expect("seconds") * 1000;
        assert!(expression.contains(&format!("FILL({id}, 0) / {milliseconds}")), "{name}: {milliseconds}");
    }
}
