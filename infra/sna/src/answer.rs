//! What a command answers: rows of named values, as text for people or as JSON for programs.

use serde_json::{Map, Value};

/// Names and values, in the order in which they are shown.
pub type Row = Vec<(&'static str, Value)>;

/// A command's answer. No `Debug`: it may have a secret in it, for stdout alone.
pub struct Answer {
    shown: Shown,
    /// `false`: something that was looked at is not as it must be.
    pub good: bool,
}

enum Shown {
    One(Row),
    Many(Vec<Row>),
    Csv(Vec<Row>),
}

impl Answer {
    pub(crate) fn one(row: Row) -> Self {
        Self { shown: Shown::One(row), good: true }
    }

    pub(crate) fn many(rows: Vec<Row>) -> Self {
        Self { shown: Shown::Many(rows), good: true }
    }

    /// The rows in comma-separated values (RFC 4180), for spreadsheets.
    pub(crate) fn into_csv(mut self) -> Self {
        if let Shown::Many(rows) = self.shown {
            self.shown = Shown::Csv(rows);
        }
        self
    }

    /// An object, or an array of objects; one line.
    pub fn json(&self) -> String {
        let object = |row: &Row| {
            Value::Object(row.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>())
        };
        let value = match &self.shown {
            Shown::One(row) => object(row),
            Shown::Many(rows) | Shown::Csv(rows) => rows.iter().map(object).collect(),
        };
        format!("{value}\n")
    }

    /// A line for each value, or a table whose last column may be of any width.
    pub fn text(&self) -> String {
        match &self.shown {
            Shown::One(row) => {
                let width = row.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                row.iter().map(|(name, value)| format!("{name:width$}  {}\n", plain(value))).collect()
            }
            Shown::Many(rows) => {
                // A row that could not be read has fewer columns.
                let Some(first) = rows.iter().max_by_key(|row| row.len()) else { return "none\n".to_owned() };
                let head = first.iter().map(|(name, _)| (*name).to_owned()).collect();
                let body = rows.iter().map(|row| row.iter().map(|(_, value)| plain(value)).collect());
                table(&std::iter::once(head).chain(body).collect::<Vec<Vec<String>>>())
            }
            Shown::Csv(rows) => csv(rows),
        }
    }
}

fn table(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    lines.iter().map(line).collect()
}

/// Nothing at all where there is no row. What is not known is empty.
fn csv(rows: &[Row]) -> String {
    let cell = |text: String| {
        let quoted = text.contains([',', '"']);
        if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let line = |cells: Vec<String>| format!("{}\r\n", cells.into_iter().map(cell).collect::<Vec<_>>().join(","));
    let head = rows.first().map(|row| line(row.iter().map(|(name, _)| (*name).to_owned()).collect()));
    let value = |value: &Value| if value.is_null() { String::new() } else { plain(value) };
    let body = rows.iter().map(|row| line(row.iter().map(|(_, of)| value(of)).collect()));
    head.into_iter().chain(body).collect()
}

/// Records come from outside: no control character of one may reach a terminal.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// RFC 3339 of Unix milliseconds, to the second.
pub(crate) fn time(ms: u64) -> Value {
    let at = i64::try_from(ms / 1000).ok().and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    at.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_aligned_and_shows_no_control_characters() {
        let row = |id: &str, list: Value| vec![("id", json!(id)), ("list", list)];
        let answer = Answer::many(vec![row("a\u{1b}[2J", json!(["x", "y"])), row("long-name", json!([]))]);
        assert_eq!(answer.text(), "id         list\na\u{fffd}[2J      x, y\nlong-name  -\n");
        assert_eq!(answer.json().lines().count(), 1);
        assert_eq!(Answer::many(Vec::new()).text(), "none\n");
    }

    #[test]
    fn comma_separated_values_have_a_head_and_quote_what_must_be() {
        let row = |id: &str, n: Value| vec![("id", json!(id)), ("n", n)];
        let answer = Answer::many(vec![row("a,\"b\"", json!(1.5)), row("c", json!(null))]).into_csv();
        assert_eq!(answer.text(), "id,n\r\n\"a,\"\"b\"\"\",1.5\r\nc,\r\n");
        assert_eq!(Answer::many(Vec::new()).into_csv().text(), "");
    }

    #[test]
    fn a_time_is_rfc_3339() {
        assert_eq!(time(1_700_000_000_999), json!("2023-11-14T22:13:20Z"));
        assert_eq!(time(u64::MAX), Value::Null);
    }
}
