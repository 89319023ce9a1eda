//! Does an ELF file hold every byte that it speaks of? The loader maps segments without asking, and a page
//! behind the end of the file is a SIGBUS: a file that was cut before it was hashed would end the process.

/// Sizes and places of the ELF header and program headers (System V ABI, ELF-64 object file format).
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// ELF of 64 bits, little-endian as all our machines are, with headers and segments inside `file`.
pub fn is_whole(file: &[u8]) -> bool {
    segments(file).is_some_and(|mut segments| segments.all(|end| end.is_some_and(|end| end <= file.len() as u64)))
}

/// Where in the file each segment ends; `None` for an end beyond all numbers.
fn segments(file: &[u8]) -> Option<impl Iterator<Item = Option<u64>>> {
    let header = file.get(..HEADER).filter(|header| header.starts_with(b"\x7fELF\x02\x01"))?;
    let start = usize::try_from(number(header, 32)?).ok()?;
    let [size, count] = [54, 56].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    if size != PROGRAM_HEADER || count == 0 {
        return None;
    }
    let table = file.get(start..)?.get(..size * count)?;
    Some(table.chunks_exact(size).map(|entry| number(entry, 8)?.checked_add(number(entry, 32)?)))
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_file_of_this_machine_is_whole_and_any_beginning_of_it_is_not() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(is_whole(&file));
        let loaded = segments(&file).unwrap().flatten().max().unwrap() as usize;
        for len in [0, 6, 63, 64, 100, 4096, loaded / 2, loaded - 1] {
            assert!(!is_whole(&file[..len]), "{len}");
        }
        assert!(is_whole(&file[..loaded]), "what follows the segments is not mapped");
    }

    #[test]
    fn numbers_that_overflow_are_no_file() {
        let mut file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let table = number(&file, 32).unwrap() as usize;
        file[table + 32..table + 40].fill(0xff);
        assert!(!is_whole(&file));
        file[32..40].fill(0xff);
        assert!(!is_whole(&file));
    }
}
