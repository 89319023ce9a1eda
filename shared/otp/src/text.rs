//! The text of the message: the customer's template with the code put in, and the line by which a browser finds it.
//!
//! One part or nothing: a longer text is cut into messages that cost each and may arrive in the wrong order.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::{Code, gsm7};

/// A text that fits one message. It holds the code, so `Debug` hides it.
pub struct Text {
    body: SecretString,
    encoding: Encoding,
    units: usize,
}

/// How the text travels (3GPP TS 23.038).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Units are septets, 160 to a message.
    Gsm7,
    /// Units are UTF-16 code units, 70 to a message.
    Ucs2,
}

/// Why a text is refused. Contains nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the name or the template has control characters")]
    Control,
    #[error("the template has a brace that is not {{name}}, {{code}} or {{minutes}}")]
    Placeholder,
    #[error("the template must have {{code}} exactly once")]
    CodeOnce,
    #[error("the domain is not a host name")]
    Domain,
    #[error("the text takes {units} units where one message holds {limit}")]
    TooLong { units: usize, limit: usize },
}

const DEFAULT: &str = "{code} is your {name} code. It expires in {minutes} min. Do not share it with anyone.";

impl Text {
    /// `template` (none: an English default) has `{code}` exactly once and may have `{name}`, the customer's, and
    /// `{minutes}`, how long the code is good. With `domain` the last line is `@domain #code`, by which browsers
    /// offer the code to pages of that host and to no other (WICG sms-one-time-codes, WebOTP).
    pub fn render(
        template: Option<&str>,
        name: &str,
        minutes: u32,
        domain: Option<&str>,
        code: &Code,
    ) -> Result<Self, TextError> {
        if name.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        let mut body = fill(template.unwrap_or(DEFAULT), name, minutes, code.expose())?;
        if let Some(domain) = domain {
            if !host_name(domain) {
                return Err(TextError::Domain);
            }
            body.push_str(&format!("\n\n@{domain} #{}", code.expose()));
        }
        let (encoding, units) = match gsm7::septets(&body) {
            Some(septets) => (Encoding::Gsm7, septets),
            None => (Encoding::Ucs2, body.encode_utf16().count()),
        };
        let limit = encoding.limit();
        if units > limit {
            return Err(TextError::TooLong { units, limit });
        }
        Ok(Self { body: body.into(), encoding, units })
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Length in units of [`Text::encoding`].
    pub fn units(&self) -> usize {
        self.units
    }

    pub(crate) fn expose(&self) -> &str {
        self.body.expose_secret()
    }
}

impl Encoding {
    /// How many units one message holds.
    pub fn limit(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }
}

/// One pass, so that braces in what is put in are never placeholders.
fn fill(template: &str, name: &str, minutes: u32, code: &str) -> Result<String, TextError> {
    if template.chars().any(|c| c.is_control() && c != '\n') {
        return Err(TextError::Control);
    }
    let (mut body, mut rest, mut codes) = (String::new(), template, 0);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        let (placeholder, after) = from.split_once('}').ok_or(TextError::Placeholder)?;
        body.push_str(before);
        match placeholder {
            "{name" => body.push_str(name),
            "{minutes" => body.push_str(&minutes.to_string()),
            "{code" => {
                body.push_str(code);
                codes += 1;
            }
            _ => return Err(TextError::Placeholder),
        }
        rest = after;
    }
    body.push_str(rest);
    if codes == 1 { Ok(body) } else { Err(TextError::CodeOnce) }
}

/// Letters, digits and hyphens (RFC 1123 2.1); labels of 1 to 63 that neither begin nor end in a hyphen; 253 in all.
fn host_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?}, {} units)", self.encoding, self.units)
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
