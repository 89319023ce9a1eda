//! What an adapter's file says before any of its code runs: it exports its descriptor and nothing else (a second symbol
//! would be a way in that the contract does not know, and one more name to collide with the host's), and the
//! descriptor names the adapter and its version.

use object::{
    Endianness, File, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationTarget,
    elf::{DT_NEEDED, VER_FLG_WEAK},
    read::elf::ElfFile64,
};

/// The descriptor of the first version of the contract.
const SYMBOL: &str = "SNA_ADAPTER_V1";
/// `"SNA1"`, the first of its fields.
const MAGIC: u32 = u32::from_be_bytes(*b"SNA1");
/// magic and size (4 bytes each); name, version (pointer and length, 8 bytes each); step.
const NAME: u64 = 8;
const VERSION: u64 = 24;
const SIZE: u32 = 48;
/// What the image of Lambda's `provided.al2023` has; any other library would be missing there.
const LIBRARIES: [&str; 5] = ["libc.so", "libgcc_s.so", "libm.so", "libdl.so", "ld-linux"];
/// Its version of the C library is 2 and this.
const GLIBC: u32 = 34;

/// The text in an adapter's descriptor.
#[derive(Debug)]
pub struct Descriptor {
    /// The adapter's id.
    pub name: String,
    pub version: String,
}

/// Reads the descriptor of a file for this machine's kind. No code of it runs.
///
/// # Errors
/// What is wrong with the file, in a sentence that goes on after its name.
pub fn read(bytes: &[u8]) -> Result<Descriptor, String> {
    let file = File::parse(bytes).map_err(|error| format!("is no object file: {error}"))?;
    if file.kind() != ObjectKind::Dynamic || file.format() != object::BinaryFormat::Elf || !file.is_64() {
        return Err("is no shared library of 64 bits".into());
    }
    let exported = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let exported: Vec<_> = exported.collect();
    let names: Vec<&str> = exported.iter().filter_map(|symbol| symbol.name().ok()).collect();
    let [symbol] = exported.as_slice() else { return Err(format!("exports {names:?} instead of {SYMBOL} alone")) };
    if names != [SYMBOL] {
        return Err(format!("exports {names:?} instead of {SYMBOL} alone"));
    }
    let at = symbol.address();
    let word = |offset| Some(u32::from_le_bytes(read_at(&file, at + offset, 4)?.try_into().ok()?));
    match (word(0), word(4)) {
        (Some(MAGIC), Some(size)) if size >= SIZE => {}
        (Some(MAGIC), size) => return Err(format!("has a descriptor of {} bytes, not {SIZE}", size.unwrap_or(0))),
        _ => return Err("has a descriptor that does not begin with SNA1".into()),
    }
    let text = |offset| text(&file, at + offset).ok_or("has a descriptor whose text cannot be read");
    Ok(Descriptor { name: text(NAME)?, version: text(VERSION)? })
}

/// A pointer and a length at this address, and the UTF-8 that they stand for.
fn text(file: &File<'_>, at: u64) -> Option<String> {
    let number = |at| Some(u64::from_le_bytes(read_at(file, at, 8)?.try_into().ok()?));
    // The loader adds the library's own address; the sum's other half stands in the relocation, or in place (RELR).
    let relocated = file.dynamic_relocations()?.find(|(place, _)| *place == at);
    let pointer = match relocated {
        Some((_, relocation)) if relocation.target() == RelocationTarget::Absolute => {
            relocation.addend().cast_unsigned()
        }
        Some(_) => return None,
        None => number(at)?,
    };
    String::from_utf8(read_at(file, pointer, number(at + 8)?)?.to_vec()).ok()
}

fn read_at<'a>(file: &File<'a>, address: u64, len: u64) -> Option<&'a [u8]> {
    file.sections().find_map(|section| section.data_range(address, len).ok().flatten())
}

/// Will the file load in Lambda's `provided.al2023`?
///
/// # Errors
/// What it needs that is not there, in a sentence that goes on after its name.
pub fn fits_lambda(bytes: &[u8]) -> Result<(), String> {
    let unreadable = |error: object::Error| format!("has an unreadable dynamic section: {error}");
    let file = ElfFile64::<Endianness>::parse(bytes).map_err(unreadable)?;
    let dynamic = file.elf_dynamic_table().map_err(unreadable)?;
    for entry in dynamic.iter().filter(|entry| entry.tag == DT_NEEDED) {
        let name = String::from_utf8_lossy(dynamic.string(entry).map_err(unreadable)?);
        if !LIBRARIES.iter().any(|known| name.starts_with(known)) {
            return Err(format!("needs {name}, which Lambda's image does not have"));
        }
    }
    let (endian, sections) = (file.endian(), file.elf_section_table());
    let Some((needed, strings)) = sections.gnu_verneed(endian, bytes).map_err(unreadable)? else { return Ok(()) };
    let strings = sections.strings(endian, bytes, strings).map_err(unreadable)?;
    for library in needed {
        let (_, versions) = library.map_err(unreadable)?;
        for version in versions {
            let version = version.map_err(unreadable)?;
            let name = String::from_utf8_lossy(version.name(endian, strings).map_err(unreadable)?);
            let weak = version.vna_flags.get(endian).contains(VER_FLG_WEAK);
            if !weak && minor(&name).is_some_and(|minor| minor > GLIBC) {
                return Err(format!(
                    "needs {name}, and Lambda's image has GLIBC_2.{GLIBC}: build it on an older system"
                ));
            }
        }
    }
    Ok(())
}

/// 34 of `GLIBC_2.34`, and of `GLIBC_2.34.1`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("GLIBC_2.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{fits_lambda, minor, read};

    #[test]
    fn the_c_librarys_version_is_the_number_behind_the_two() {
        assert!(fits_lambda(b"text").is_err());
        assert_eq!([minor("GLIBC_2.34"), minor("GLIBC_2.2.5"), minor("GCC_3.0")], [Some(34), Some(2), None]);
    }

    #[test]
    fn what_is_no_adapter_is_refused_with_a_reason() {
        assert!(read(b"text").is_err_and(|fault| fault.contains("is no object file")));
        let own = std::env::current_exe().and_then(std::fs::read).unwrap_or_default();
        assert!(read(&own).is_err_and(|fault| fault.contains("instead of SNA_ADAPTER_V1 alone")));
    }
}
