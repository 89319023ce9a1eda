//! The numbering plans of all countries: which country a number is of, and whether it is a mobile one.

use crate::{
    automaton::Automaton,
    country::{self, Country},
};

static PLAN: Automaton = Automaton::new(include_bytes!("../data/plan.bin"));

/// Of a number that is valid and certainly not mobile. What is smaller is 1 + the place of a mobile number's country.
const NOT_MOBILE: u16 = u16::MAX;

/// What the plans say about a number.
pub(crate) struct Plan {
    /// That of a mobile number, which may be one of several that share a calling code; else the calling code's main one.
    pub(crate) country: Country,
    /// Certainly, or perhaps as in +1, where no number tells a mobile from a fixed line.
    pub(crate) is_mobile: bool,
    lengths: &'static str,
}

impl Plan {
    /// `digits` is a whole number without the `+`; none for codes of no country (satellites, +800, unassigned).
    pub(crate) fn of(digits: &str) -> Option<Self> {
        let (mut code, mut whole) = (0, 0);
        for (length, value) in (1..).zip(PLAN.walk(digits)) {
            // The calling code's own node has its main country; no number is that short.
            code = if code == 0 { value } else { code };
            whole = if length == digits.len() { value } else { 0 };
        }
        let is_mobile = whole != 0 && whole != NOT_MOBILE;
        let (country, lengths) = country::at(if is_mobile { whole } else { code })?;
        Some(Self { country, is_mobile, lengths })
    }

    /// Whether a mobile number of this country may have so many digits, calling code included.
    pub(crate) fn allows(&self, length: usize) -> bool {
        self.lengths.split(',').any(|allowed| allowed.parse() == Ok(length))
    }
}
