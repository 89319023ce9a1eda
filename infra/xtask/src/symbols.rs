//! What an adapter's file exports: its descriptor and nothing else. A second symbol would be a way in that
//! the contract does not know, and one more name to collide with the host's.

use object::{Object, ObjectSymbol};

/// The descriptor of the first version of the contract.
const DESCRIPTOR: &str = "SNA_ADAPTER_V1";

/// # Errors
/// What is wrong with the file, in a sentence.
pub(crate) fn check(file: &[u8]) -> Result<(), String> {
    let file = object::File::parse(file).map_err(|error| format!("is no object file: {error}"))?;
    let exported = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let names: Vec<&str> = exported.filter_map(|symbol| symbol.name().ok()).collect();
    if names == [DESCRIPTOR] { Ok(()) } else { Err(format!("exports {names:?} instead of {DESCRIPTOR} alone")) }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_file_without_the_descriptor_is_refused() {
        let own = std::env::current_exe().and_then(std::fs::read).unwrap_or_default();
        assert!(check(&own).is_err_and(|fault| fault.contains("instead of SNA_ADAPTER_V1 alone")));
        assert!(check(b"text").is_err_and(|fault| fault.contains("is no object file")));
    }
}
