//! The log: one JSON object a line, written at once. What happens is a line as it happens, with the request's ids; what is
//! known of a request is gathered in its span's fields, and is the line that ends it.
//!
//! A span takes no field that it did not begin with, so what a request's line can hold is a closed set. A number that is
//! recorded again is added up.

use std::{
    fmt::Debug,
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt as _, Targets, filter_fn},
    fmt::{
        MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime as Rfc3339},
    },
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

use crate::metrics::{self, Embedded};

/// Every line that is written while a request is served says whose it is.
const IDS: [&str; 2] = ["request_id", "trace_id"];

struct Log<W> {
    stack: String,
    writer: W,
}

/// Writes the log of a function of `stack` to `writer`. `filter` says which events are written, of those from `INFO` up: below,
/// libraries write what they send and receive, tokens and numbers among it. The line of a request always is written, because
/// its metrics are in it.
pub fn log<W>(stack: String, filter: Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // No spans but a request's: whoever records does it in the current one.
    let own = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let events = filter.and(filter_fn(|metadata| metadata.is_event() && *metadata.level() <= Level::INFO));
    Registry::default().with(Log { stack, writer }.with_filter(events.or(own)))
}

impl<S, W> Layer<S> for Log<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(span) = context.lookup_current()
            && let Some(known) = span.extensions().get::<Fields>()
        {
            IDS.iter()
                .filter_map(|name| Some((name, known.get(name)?)))
                .for_each(|(name, id)| fields.put(name, id.clone()));
        }
        self.write(event.metadata().level(), event.metadata().target(), fields, None);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(mut fields) = span.extensions_mut().remove::<Fields>() else { return };
        // A handler that panicked left no status.
        let status = fields.get("status").and_then(Value::as_u64);
        let failed = status.is_none_or(|status| status >= 500);
        let counts = [
            ("requests", true),
            ("errors", failed),
            ("limited", status == Some(429)),
            ("cold_starts", fields.get("cold_start") == Some(&Value::Bool(true))),
        ];
        counts.into_iter().for_each(|(name, counts)| fields.put(name, u64::from(counts)));
        fields.put("stack", self.stack.as_str());
        let metrics = metrics::embedded(|name| fields.get(name).is_some(), now());
        fields.put("message", if status.is_some() { "answered" } else { "not answered" });
        let level = if failed { &Level::ERROR } else { &Level::INFO };
        self.write(level, span.metadata().target(), fields, Some(metrics));
    }
}

impl<W> Log<W>
where
    W: for<'a> MakeWriter<'a>,
{
    /// One write, so that lines cannot interleave. A log that takes no more lines stops no request.
    fn write(&self, level: &Level, target: &str, mut fields: Fields, metrics: Option<Embedded>) {
        let mut time = String::new();
        let _ = Rfc3339.format_time(&mut Writer::new(&mut time));
        let about = [("timestamp", time.as_str()), ("level", level.as_str()), ("target", target)];
        about.into_iter().for_each(|(name, value)| fields.put(name, value));
        let mut line = serde_json::to_vec(&Line { fields, metrics }).unwrap_or_default();
        line.push(b'\n');
        let _ = self.writer.make_writer().write_all(&line);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// What was recorded, by name. They are few, and each request has them: a map would cost more than it saves.
#[derive(Default, Serialize)]
#[serde(transparent)]
struct Fields(#[serde(serialize_with = "as_map")] Vec<(&'static str, Value)>);

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    fields: Fields,
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    metrics: Option<Embedded>,
}

fn as_map<S: Serializer>(fields: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

impl Fields {
    fn put(&mut self, name: &'static str, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value.into(),
            None => self.0.push((name, value.into())),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let before = self.get(field.name()).and_then(Value::as_u64).unwrap_or(0);
        self.put(field.name(), before.saturating_add(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let before = self.get(field.name()).and_then(Value::as_i64).unwrap_or(0);
        self.put(field.name(), before.saturating_add(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let before = self.get(field.name()).and_then(Value::as_f64).unwrap_or(0.0);
        self.put(field.name(), before + value);
    }

    /// Also what `display` wraps.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}
