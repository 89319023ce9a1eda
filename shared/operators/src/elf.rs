//! What an ELF file is, before the loader sees it. The loader maps segments without asking, and a page behind the
//! end of the file is a SIGBUS: a file that was cut before it was hashed would end the process.

use memchr::memmem;

/// Sizes and places of the ELF header and program headers (System V ABI, ELF-64 object file format).
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
/// `e_type` of an executable that is bound to its place.
const ET_EXEC: u16 = 2;
/// `p_type` of the segment that names a program's loader: a library has none.
const PT_INTERP: u32 = 3;

/// ELF of 64 bits, little-endian as all our machines are, with headers and segments inside `file`.
pub fn is_whole(file: &[u8]) -> bool {
    let ends_inside = |segment: &[u8]| {
        let end = number(segment, 8).zip(number(segment, 32)).and_then(|(start, len)| start.checked_add(len));
        end.is_some_and(|end| end <= file.len() as u64)
    };
    segments(file).is_some_and(|mut segments| segments.all(ends_inside))
}

/// Is a whole file made to be run and not to be loaded, at a fixed place or not?
pub fn is_executable(file: &[u8]) -> bool {
    let is_fixed = file.get(16..18) == Some(&ET_EXEC.to_le_bytes());
    let names_a_loader = |segment: &[u8]| segment.starts_with(&PT_INTERP.to_le_bytes());
    is_fixed || segments(file).is_some_and(|mut segments| segments.any(names_a_loader))
}

/// Is this a Rust library in which a panic ends the process, and the gateway with it?
///
/// Rust's library always walks the stack for a backtrace; it raises exceptions only where a panic unwinds. A whole file
/// holds the name of each function that the loader is to find for it.
pub fn aborts_on_panic(file: &[u8]) -> bool {
    let names = |name| memmem::find(file, name).is_some();
    names(b"_Unwind_Backtrace\0") && !names(b"_Unwind_RaiseException\0")
}

/// The program headers.
fn segments(file: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let header = file.get(..HEADER).filter(|header| header.starts_with(b"\x7fELF\x02\x01"))?;
    let start = usize::try_from(number(header, 32)?).ok()?;
    let [size, count] = [54, 56].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    if size != PROGRAM_HEADER || count == 0 {
        return None;
    }
    Some(file.get(start..)?.get(..size * count)?.chunks_exact(size))
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn own() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn a_file_of_this_machine_is_whole_and_any_beginning_of_it_is_not() {
        let file = own();
        assert!(is_whole(&file));
        let ends = segments(&file).unwrap().map(|entry| number(entry, 8).unwrap() + number(entry, 32).unwrap());
        let loaded = ends.max().unwrap() as usize;
        for len in [0, 6, 63, 64, 100, 4096, loaded / 2, loaded - 1] {
            assert!(!is_whole(&file[..len]), "{len}");
        }
        assert!(is_whole(&file[..loaded]), "what follows the segments is not mapped");
    }

    #[test]
    fn numbers_that_overflow_are_no_file() {
        let mut file = own();
        let table = number(&file, 32).unwrap() as usize;
        file[table + 32..table + 40].fill(0xff);
        assert!(!is_whole(&file));
        file[32..40].fill(0xff);
        assert!(!is_whole(&file));
    }

    #[test]
    fn a_program_is_no_library() {
        assert!(is_executable(&own()));
        assert!(!is_executable(b"") && !is_executable(&own()[..64]));
    }
}
