//! The reader of variables. A test gives it a map instead of the process's environment.

use std::{fmt, str::FromStr, sync::Arc};

use secrecy::SecretString;
use url::Url;

use crate::Values;

type Lookup<'a> = Box<dyn Fn(&str) -> Option<String> + Send + 'a>;

/// Reads variables and collects what is wrong with them.
pub struct Env<'a> {
    lookup: Lookup<'a>,
    secrets: Arc<Values>,
    problems: Vec<String>,
}

/// All that is wrong, a line each; no value of a secret among them.
#[derive(Debug)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl<'a> Env<'a> {
    pub fn process() -> Self {
        Self::from_fn(variable)
    }

    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + Send + 'a) -> Self {
        Self { lookup: Box::new(lookup), secrets: Arc::default(), problems: Vec::new() }
    }

    /// From now on, what is not set is looked for in `secrets`.
    pub fn fall_back_on(&mut self, secrets: Arc<Values>) {
        self.secrets = secrets;
    }

    /// `None` when absent or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        let set = (self.lookup)(name).filter(|value| !value.is_empty());
        set.or_else(|| self.secrets.get(name).filter(|value| !value.is_empty()).cloned())
    }

    /// Text that must be there. A problem gives an empty one: `finish` will refuse it.
    pub fn text(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, "is not set");
            String::new()
        })
    }

    pub fn secret(&mut self, name: &str) -> SecretString {
        self.text(name).into()
    }

    /// A number within bounds, `default` when absent.
    pub fn number<T: FromStr + PartialOrd + fmt::Display>(
        &mut self,
        name: &str,
        default: T,
        bounds: std::ops::RangeInclusive<T>,
    ) -> T {
        match self.optional(name) {
            None => default,
            Some(text) => match text.parse() {
                Ok(number) if bounds.contains(&number) => number,
                _ => {
                    self.problem(name, &format!("must be a number from {} to {}", bounds.start(), bounds.end()));
                    default
                }
            },
        }
    }

    /// An origin (`https://host[:port]`, no path), returned without a trailing slash.
    pub fn origin(&mut self, name: &str) -> String {
        let text = self.text(name);
        match Url::parse(&text) {
            Ok(url) if url.has_host() && url.path() == "/" && url.query().is_none() && url.fragment().is_none() => {
                text.trim_end_matches('/').to_owned()
            }
            _ if text.is_empty() => text,
            _ => {
                self.problem(name, "must be an address without a path, like https://auth.example.com");
                text
            }
        }
    }

    /// Comma-separated, trimmed, without empty parts.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.optional(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// What a domain crate makes of the variable's text; its error is named, the text is not.
    pub fn parsed<T, E: fmt::Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        parse(&text).map_err(|error| self.problem(name, &error.to_string())).ok()
    }

    /// One that is known already is told once.
    pub fn problem(&mut self, name: &str, what: &str) {
        let problem = format!("{name} {what}");
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The value, if nothing was wrong. `None` stands for one that `parsed` could not give.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problems(self.problems)),
        }
    }
}

/// A variable of the process.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_named_at_once() {
        let mut env = Env::from_fn(|name| match name {
            "URL" => Some("https://a.example/path".into()),
            "N" => Some("11".into()),
            _ => None,
        });
        env.origin("URL");
        env.number("N", 1, 0..=10);
        env.text("MISSING");
        env.parsed("ALSO_MISSING", str::parse::<u8>);
        let problems = env.finish(Some(())).map_err(|problems| problems.to_string());
        assert_eq!(
            problems,
            Err("URL must be an address without a path, like https://auth.example.com\n\
                 N must be a number from 0 to 10\nMISSING is not set\nALSO_MISSING is not set"
                .into())
        );
    }

    #[test]
    fn an_origin_loses_its_trailing_slash() {
        let mut env = Env::from_fn(|_| Some("http://127.0.0.1:9000/".into()));
        assert_eq!(env.origin("URL"), "http://127.0.0.1:9000");
    }
}
