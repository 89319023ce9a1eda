//! One figure of the table.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// A measured value: a median, a ratio taken in one run, or a count.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub bar: Option<Bar>,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, bar: None }
    }

    #[must_use]
    pub fn at_most(self, bar: f64) -> Self {
        Self { bar: Some(Bar::AtMost(bar)), ..self }
    }

    #[must_use]
    pub fn at_least(self, bar: f64) -> Self {
        Self { bar: Some(Bar::AtLeast(bar)), ..self }
    }

    /// Is the bar reached? One without a bar is well.
    pub fn ok(&self) -> bool {
        match self.bar {
            None => true,
            Some(Bar::AtMost(bar)) => self.value <= bar,
            Some(Bar::AtLeast(bar)) => self.value >= bar,
        }
    }

    /// `{ "value", "unit", "bar", "ok" }`
    pub fn json(&self) -> Value {
        let bar = self.bar.map(|(Bar::AtMost(bar) | Bar::AtLeast(bar))| bar);
        json!({ "value": self.value, "unit": self.unit, "bar": bar, "ok": self.ok() })
    }

    /// A line of the table.
    pub fn line(&self) -> String {
        let bar = match self.bar {
            None => String::new(),
            Some(Bar::AtMost(bar)) => format!("at most {bar}"),
            Some(Bar::AtLeast(bar)) => format!("at least {bar}"),
        };
        let missed = if self.ok() { "" } else { "  MISSED" };
        format!("  {:<44} {:>12} {:<8} {bar}{missed}", self.name, three_digits(self.value), self.unit)
            .trim_end()
            .to_owned()
    }
}

/// Three significant digits, and all of a whole number's.
fn three_digits(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// CPU of this process until now, all its threads, in milliseconds.
pub fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1000.0 + time.tv_nsec as f64 / 1e6
}

/// The middle of the values; of an even number of them the upper. NaN for none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_missed_on_its_own_side() {
        assert!(Figure::new("a", 8.0, "ms").at_most(8.0).ok());
        assert!(!Figure::new("a", 8.1, "ms").at_most(8.0).ok());
        assert!(!Figure::new("a", 0.8, "").at_least(0.85).ok());
        assert!(Figure::new("a", 99.0, "").ok());
    }

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        assert_eq!(median(vec![3.0, 1.0, 100.0, 2.0, 2.5]), 2.5);
    }
}
