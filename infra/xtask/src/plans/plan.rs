//! Which numbers are valid, and which of them are mobile: the metadata's patterns, run side by side digit by digit and
//! judged as libphonenumber judges them (`getRegionCodeForNumber`, `getNumberTypeHelper`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartKind, dense::DFA},
    util::{primitives::StateID, start, syntax},
};
use roxmltree::{Document, Node, ParsingOptions};

use super::automaton::Automaton;

/// E.164 6.2.1: calling code included.
const LONGEST: usize = 15;

/// Of a number that is valid and certainly not mobile. Below it: 1 + the index of a mobile number's country.
pub(super) const NOT_MOBILE: u16 = u16::MAX;

/// Any of these outranks fixed line and mobile.
const OTHER: [&str; 8] =
    ["premiumRate", "tollFree", "sharedCost", "voip", "personalNumber", "pager", "uan", "voicemail"];

/// Numbers of one kind in one territory.
struct Range {
    /// How many digits, without the calling code.
    lengths: Vec<usize>,
    pattern: DFA<Vec<u32>>,
}

struct Territory {
    country: u16,
    /// A number that begins so belongs here, whatever else fits.
    leading: Option<Range>,
    general: Range,
    mobile: Option<Range>,
    /// Fixed lines; a number that is in `mobile` too counts as mobile (+1 does not tell them apart).
    fixed: Option<Range>,
    other: Vec<Range>,
}

/// How far each pattern of a calling code got, in the order of [`Territory::ranges`].
type Reached = Vec<StateID>;

pub(super) struct Plan {
    /// ISO codes, sorted, and how many digits a whole mobile number of each has.
    pub(super) countries: BTreeMap<String, BTreeSet<usize>>,
    /// Territories by calling code, the main one first.
    codes: BTreeMap<String, Vec<Territory>>,
}

impl Plan {
    pub(super) fn read(xml: &str) -> Result<Self, String> {
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        let document = Document::parse_with_options(xml, options).map_err(|error| error.to_string())?;
        // 001 are codes of no country: satellites, +800.
        let elements = document.descendants().filter(|node| node.has_tag_name("territory"));
        let mut elements: Vec<_> = elements.filter(|node| node.attribute("id") != Some("001")).collect();
        elements.sort_by_key(|node| node.attribute("mainCountryForCode").is_none());
        let ids = elements.iter().filter_map(|node| node.attribute("id"));
        let mut countries: BTreeMap<_, _> = ids.map(|id| (id.to_owned(), BTreeSet::new())).collect();
        let places: BTreeMap<String, u16> = countries.keys().cloned().zip(1..NOT_MOBILE).collect();
        let mut codes: BTreeMap<String, Vec<Territory>> = BTreeMap::new();
        for element in elements {
            let id = element.attribute("id").unwrap_or_default();
            let code = element.attribute("countryCode").ok_or_else(|| format!("{id} has no countryCode"))?;
            let country = places.get(id).copied().ok_or("a territory has no id")?;
            let territory = Territory::read(element, country).map_err(|error| format!("{id}: {error}"))?;
            let lengths = territory.mobile.iter().flat_map(|range| &range.lengths).map(|length| code.len() + length);
            countries.entry(id.to_owned()).or_default().extend(lengths.filter(|length| *length <= LONGEST));
            codes.entry(code.to_owned()).or_default().push(territory);
        }
        Ok(Self { countries, codes })
    }

    /// The automaton of whole numbers, its root last. A calling code's own node has the value of its main country.
    pub(super) fn automaton(&self) -> Option<Automaton> {
        let mut automaton = Automaton::new();
        self.below("", &mut automaton)?;
        Some(automaton)
    }

    /// Above the calling codes, of which none begins another.
    fn below(&self, digits: &str, automaton: &mut Automaton) -> Option<u16> {
        if let Some(territories) = self.codes.get(digits) {
            let start = territories.iter().flat_map(Territory::ranges).map(Range::start).collect::<Option<_>>()?;
            let mut code = National { territories, longest: LONGEST - digits.len(), automaton, known: HashMap::new() };
            return code.node(0, start);
        }
        let mut next = [0; 10];
        for (digit, node) in ('0'..='9').zip(&mut next) {
            let digits = format!("{digits}{digit}");
            if self.codes.keys().any(|code| code.starts_with(&digits)) {
                *node = self.below(&digits, automaton)?;
            }
        }
        automaton.node(0, next)
    }
}

/// The numbers behind one calling code.
struct National<'a> {
    territories: &'a [Territory],
    longest: usize,
    automaton: &'a mut Automaton,
    known: HashMap<(usize, Reached), u16>,
}

impl National<'_> {
    fn node(&mut self, length: usize, reached: Reached) -> Option<u16> {
        let key = (length, reached);
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let (_, reached) = &key;
        let alive = self.ranges().zip(reached).any(|(range, &state)| !range.pattern.is_dead_state(state));
        let mut next = [0; 10];
        if alive && length < self.longest {
            for (digit, node) in (b'0'..=b'9').zip(&mut next) {
                let after = self.ranges().zip(reached);
                let after = after.map(|(range, &state)| range.pattern.next_state(state, digit)).collect();
                *node = self.node(length + 1, after)?;
            }
        }
        let node = self.automaton.node(self.value(length, reached), next)?;
        self.known.insert(key, node);
        Some(node)
    }

    fn ranges(&self) -> impl Iterator<Item = &Range> {
        let territories = self.territories;
        territories.iter().flat_map(Territory::ranges)
    }

    fn value(&self, length: usize, reached: &Reached) -> u16 {
        if length == 0 {
            return self.territories.first().map_or(0, |main| main.country);
        }
        let mut states = reached.iter();
        for territory in self.territories {
            let mut matches = |range: &Range| states.next().is_some_and(|&state| range.matches(length, state));
            let leads = territory.leading.as_ref().map(&mut matches);
            let general = matches(&territory.general);
            let mobile = territory.mobile.as_ref().is_some_and(&mut matches);
            let fixed = territory.fixed.as_ref().is_some_and(&mut matches);
            // To the end: the next territory's states come after them.
            let other = territory.other.iter().filter(|range| matches(range)).count() > 0;
            let kind = match general {
                true if other => NOT_MOBILE,
                true if mobile => territory.country,
                true if fixed => NOT_MOBILE,
                _ => 0,
            };
            if leads.unwrap_or(kind != 0) {
                return kind;
            }
        }
        0
    }
}

impl Territory {
    fn read(element: Node<'_, '_>, country: u16) -> Result<Self, String> {
        let child = |tag: &str| element.children().find(|node| node.has_tag_name(tag));
        let range = |tag: &str| child(tag).map(|node| Range::read(node).map_err(|error| format!("{tag}: {error}")));
        let leading = element.attribute("leadingDigits");
        let leading = leading.map(|digits| Range::new(&format!("(?:{digits})[0-9]*"), (1..=LONGEST).collect()));
        let general = child("generalDesc").ok_or("no generalDesc")?;
        Ok(Self {
            country,
            leading: leading.transpose()?,
            general: Range::new(&pattern(general)?, (1..=LONGEST).collect())?,
            mobile: range("mobile").transpose()?,
            fixed: range("fixedLine").transpose()?,
            other: OTHER.into_iter().filter_map(range).collect::<Result<_, _>>()?,
        })
    }

    fn ranges(&self) -> impl Iterator<Item = &Range> {
        let single = [self.leading.as_ref(), Some(&self.general), self.mobile.as_ref(), self.fixed.as_ref()];
        single.into_iter().flatten().chain(&self.other)
    }
}

impl Range {
    fn read(element: Node<'_, '_>) -> Result<Self, String> {
        let lengths = element.children().find(|node| node.has_tag_name("possibleLengths"));
        let lengths = lengths.and_then(|node| node.attribute("national")).ok_or("no possibleLengths")?;
        Self::new(&pattern(element)?, list(lengths).ok_or_else(|| format!("possibleLengths {lengths:?}"))?)
    }

    fn new(pattern: &str, lengths: Vec<usize>) -> Result<Self, String> {
        let dfa = DFA::builder()
            .configure(DFA::config().start_kind(StartKind::Anchored).match_kind(MatchKind::All))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(pattern);
        Ok(Self { lengths, pattern: dfa.map_err(|error| error.to_string())? })
    }

    fn start(&self) -> Option<StateID> {
        self.pattern.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()
    }

    fn matches(&self, length: usize, state: StateID) -> bool {
        self.lengths.contains(&length) && self.pattern.is_match_state(self.pattern.next_eoi_state(state))
    }
}

/// A pattern is broken over lines for its readers.
fn pattern(element: Node<'_, '_>) -> Result<String, String> {
    let child = element.children().find(|node| node.has_tag_name("nationalNumberPattern"));
    let child = child.ok_or("no nationalNumberPattern")?;
    Ok(child
        .children()
        .filter_map(|node| node.text().filter(|_| node.is_text()))
        .flat_map(str::split_whitespace)
        .collect())
}

/// `9,[11-13]`: 9, 11, 12, 13.
fn list(text: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (from, to) = match part.strip_prefix('[').and_then(|range| range.strip_suffix(']')) {
            Some(range) => range.split_once('-')?,
            None => (part, part),
        };
        numbers.extend(from.parse::<usize>().ok()?..=to.parse().ok()?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Two countries share +4. AA has mobiles 7… and 8…, among them pagers 79…, and fixed lines 8… and 9…; what begins
    /// with 75 is BB's.
    const XML: &str = r#"<?xml version="1.0"?>
        <!DOCTYPE phoneNumberMetadata [ <!ELEMENT phoneNumberMetadata (territories)> ]>
        <phoneNumberMetadata><territories>
          <territory id="BB" countryCode="4" leadingDigits="75">
            <generalDesc><nationalNumberPattern>75\d{3}</nationalNumberPattern></generalDesc>
            <mobile><possibleLengths national="5"/><nationalNumberPattern>75[0-4]\d\d</nationalNumberPattern></mobile>
          </territory>
          <territory id="AA" countryCode="4" mainCountryForCode="true">
            <generalDesc><nationalNumberPattern>[7-9]\d{3,5}</nationalNumberPattern></generalDesc>
            <fixedLine><possibleLengths national="5"/><nationalNumberPattern>[89]\d{4}</nationalNumberPattern></fixedLine>
            <mobile>
              <possibleLengths national="[5-6]"/>
              <nationalNumberPattern>
                7[0-46-9]\d{3}|
                <!-- a remark -->
                8\d{4,6}
              </nationalNumberPattern>
            </mobile>
            <pager><possibleLengths national="5"/><nationalNumberPattern>79\d{3}</nationalNumberPattern></pager>
          </territory>
          <territory id="001" countryCode="800">
            <generalDesc><nationalNumberPattern>\d{8}</nationalNumberPattern></generalDesc>
          </territory>
        </territories></phoneNumberMetadata>"#;

    #[test]
    fn a_number_is_judged_as_libphonenumber_judges_it() {
        let plan = Plan::read(XML).unwrap();
        let automaton = plan.automaton().unwrap();
        let (aa, bb) = (1, 2);
        for (digits, value) in [
            ("4", aa),
            ("471234", aa),
            ("481234", aa),
            ("4812345", aa),
            ("475123", bb),
            ("475923", 0),
            ("479123", NOT_MOBILE),
            ("491234", NOT_MOBILE),
            ("47123", 0),
            ("48123456", 0),
            ("461234", 0),
            ("80012345678", 0),
        ] {
            assert_eq!(automaton.value(digits), value, "{digits}");
        }
        assert_eq!(plan.countries["AA"], [6, 7].into());
        assert_eq!(plan.countries["BB"], [6].into());
    }

    #[test]
    fn another_way_to_write_a_pattern_gives_the_same_bytes() {
        let other = XML.replace("7[0-46-9]\\d{3}|", "7(?:[0-4]|[6-9])\\d\\d\\d|");
        assert_ne!(other, XML);
        let bytes = |xml: &str| Plan::read(xml).unwrap().automaton().unwrap().bytes();
        assert_eq!(bytes(&other), bytes(XML));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let told = |from: &str, to: &str| Plan::read(&XML.replacen(from, to, 1)).err().unwrap();
        assert!(told("[0-4]", "[0-4").contains("BB: mobile"));
        assert_eq!(told("[5-6]", "[5-"), "AA: mobile: possibleLengths \"[5-\"");
        assert_eq!(told("countryCode=\"4\" leading", "leading"), "BB has no countryCode");
    }

    #[test]
    fn lengths_are_numbers_and_ranges() {
        assert_eq!(list("9,[11-13]"), Some(vec![9, 11, 12, 13]));
        assert_eq!(list("10"), Some(vec![10]));
        assert_eq!(list("[3"), None);
        assert_eq!(list(""), None);
    }
}
