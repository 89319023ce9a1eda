//! The numbers and addresses of a new sandbox profile: none that another profile has, and none that a subscriber could have.

use std::{collections::HashSet, fs};

use serde_json::Value;

use crate::{Error, Workspace};

/// Country, and the blocks of a hundred mobile numbers that its regulator keeps for drama and tests, by a digit (`_`):
/// Ofcom's 07700 900000 to 900999; Arcep's 06 39 98, of which ten; 555-0100 to 0199 of the NANP in seven area codes.
const KEPT: [(&str, &str, &str); 3] =
    [("GB", "+447700900_", "0123456789"), ("FR", "+33639980_", "0123456789"), ("US", "+1_0255501", "2345678")];
/// The third byte of a profile's mobile data on loopback; smaller ones are those of this repository's own operators.
const CELLULAR: std::ops::RangeInclusive<u8> = 31..=89;

/// What a profile has alone.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// E.164 without the last two digits.
    pub(crate) block: String,
    /// The first three bytes of the devices' addresses on loopback, as text.
    pub(crate) cellular: String,
    /// The same of the addresses that the customer reports; from the range for benchmarks (RFC 2544).
    pub(crate) public: String,
}

impl Numbers {
    /// Free ones, with this block or one of the country's kept range.
    ///
    /// # Errors
    /// When there is none, or the block is wrong or taken.
    pub(crate) fn free(workspace: &Workspace, country: &str, block: Option<&str>) -> Result<Self, Error> {
        let taken = taken(workspace)?;
        let block = match block {
            Some(block) => given(block, &taken)?,
            None => blocks(country).find(|block| !is_taken(block, &taken)).ok_or_else(|| {
                Error::failed(format!("no range for tests is known or free in {country}: give a --block of numbers"))
            })?,
        };
        let number = CELLULAR.into_iter().find(|number| !taken.contains(&format!("127.0.{number}")));
        let number = number.ok_or_else(|| Error::failed("no block of loopback addresses is free"))?;
        Ok(Self { block, cellular: format!("127.0.{number}"), public: format!("198.18.{number}") })
    }
}

/// What a number in E.164 begins with (ITU-T E.164 annex D): one digit in zones 1 and 7, two where they are a country's, else
/// three.
pub(crate) fn calling_code(digits: &str) -> &str {
    const TWO: &str = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 \
                       66 81 82 84 86 90 91 92 93 94 95 98";
    let len = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [first, second, ..] if TWO.split(' ').any(|code| code.as_bytes() == [*first, *second]) => 2,
        _ => 3,
    };
    digits.get(..len).unwrap_or(digits)
}

/// The country's kept blocks.
fn blocks(country: &str) -> impl Iterator<Item = String> + use<> {
    let kept = KEPT.iter().find(|(kept, ..)| *kept == country);
    kept.into_iter().flat_map(|(_, block, digits)| digits.chars().map(|digit| block.replace('_', &digit.to_string())))
}

fn given(block: &str, taken: &HashSet<String>) -> Result<String, Error> {
    let digits = block.strip_prefix('+').unwrap_or_default();
    if !(6..=13).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.starts_with('0')
    {
        return Err(Error::failed(format!("{block}: a block is + and 6 to 13 digits, a number without its last two")));
    }
    match is_taken(block, taken) {
        true => Err(Error::failed(format!("{block}: another network has these numbers"))),
        false => Ok(block.to_owned()),
    }
}

/// Does a range of the table begin this block, or the block it?
fn is_taken(block: &str, taken: &HashSet<String>) -> bool {
    taken.iter().any(|taken| taken.starts_with(block) || block.starts_with(taken.as_str()))
}

/// Blocks (`+…`) and first three bytes of loopback addresses that stand in the local run's table.
fn taken(workspace: &Workspace) -> Result<HashSet<String>, Error> {
    let path = workspace.root.join("infra/operators.json");
    let table: Value = serde_json::from_slice(&fs::read(&path).map_err(Error::file(&path))?)
        .map_err(|error| Error::Json(path.clone(), error))?;
    let entries = table.as_object().into_iter().flat_map(|table| table.values());
    let texts = |entry: &Value, field: &str| -> Vec<String> {
        let texts = entry[field].as_array().into_iter().flatten();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut taken = HashSet::new();
    for entry in entries {
        taken.extend(texts(entry, "ranges").into_iter().map(|range| format!("+{range}")));
        let networks = texts(entry, "mobile_addresses").into_iter();
        taken.extend(networks.filter_map(|net| net.rsplit_once('.').map(|(bytes, _)| bytes.to_owned())));
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_block_is_of_the_kept_range_and_nobody_elses() {
        let numbers = Numbers::free(&Workspace::here(), "GB", None);
        assert!(numbers.is_ok_and(|numbers| numbers.block.starts_with("+447700900") && numbers.block.len() == 11));
        assert_eq!(blocks("US").next().as_deref(), Some("+120255501"), "202-555-01NN");
    }

    #[test]
    fn a_calling_code_has_one_two_or_three_digits() {
        for (digits, code) in [("12065550", "1"), ("77012345", "7"), ("447700900", "44"), ("35387123", "353")] {
            assert_eq!(calling_code(digits), code);
        }
    }

    #[test]
    fn a_block_that_is_taken_or_none_is_refused() {
        let workspace = Workspace::here();
        let fault = |country, block| Numbers::free(&workspace, country, block).map_err(|error| error.to_string());
        assert!(fault("GB", Some("+4477009006")).is_err_and(|fault| fault.contains("another network")));
        assert!(fault("GB", Some("+447700900")).is_err_and(|fault| fault.contains("another network")));
        assert!(fault("GB", Some("4477009001")).is_err_and(|fault| fault.contains("a block is +")));
        assert!(fault("LK", None).is_err_and(|fault| fault.contains("--block")));
    }
}
