//! `cargo xtask addresses`: the tables of shared/networks, out of public lists of who announces which block. The same lists
//! give the same bytes.

use std::{collections::BTreeMap, fs, net::IpAddr, path::PathBuf};

use clap::{Args, Subcommand};

use crate::{Error, Workspace};

#[derive(Subcommand)]
pub enum Addresses {
    /// Rebuild shared/networks/data from lists of `first,last,AS number,…`, such as npm's @ip-location-db/asn
    Refresh(Refresh),
}

#[derive(Args)]
pub struct Refresh {
    /// Lists of IPv4 and of IPv6 blocks
    #[arg(required = true)]
    lists: Vec<PathBuf>,
    /// The release of those lists, for example 2.3.2026061719
    #[arg(long)]
    release: String,
    /// When it was released, for example 2026-06-17
    #[arg(long)]
    date: String,
}

/// Whose blocks an AS announces: a line of `sources.txt`.
struct Source {
    /// `-`: nobody's handsets.
    network: String,
    /// Empty: all that the AS announces.
    blocks: Vec<Block>,
}

/// First and last address as numbers; of IPv6 the upper halves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    is_v6: bool,
    first: u64,
    last: u64,
}

/// # Errors
/// When a file cannot be read, is not understood, or cannot be written.
pub fn addresses(workspace: &Workspace, Addresses::Refresh(options): &Addresses) -> Result<(), Error> {
    let data = workspace.root.join("shared/networks/data");
    let path = data.join("sources.txt");
    let sources = sources(&fs::read_to_string(&path).map_err(Error::file(&path))?)?;
    let mut blocks = Vec::new();
    for path in &options.lists {
        let list = fs::read_to_string(path).map_err(Error::file(path))?;
        blocks.extend(list.lines().flat_map(|line| owned(line, &sources)));
    }
    let mut names: Vec<&str> = blocks.iter().map(|(_, network)| *network).chain(["-"]).collect();
    names.sort_unstable();
    names.dedup();
    let blocks = merged(blocks)?;
    let text: String = names.iter().map(|name| format!("{name}\n")).collect();
    let files: [(&str, Vec<u8>); 5] = [
        ("v4.bin", bytes(&blocks, false, &names)?),
        ("v6.bin", bytes(&blocks, true, &names)?),
        ("names.txt", text.into_bytes()),
        ("release.txt", format!("{} {}\n", options.release, options.date).into_bytes()),
        ("NOTICE", notice(&options.release, &options.date).into_bytes()),
    ];
    for (name, bytes) in files {
        println!("{name}: {} bytes", bytes.len());
        fs::write(data.join(name), bytes).map_err(Error::file(&data.join(name)))?;
    }
    Ok(())
}

/// AS number -> its lines; those of mixed ones say nothing.
fn sources(text: &str) -> Result<BTreeMap<u32, Vec<Source>>, Error> {
    let mut sources: BTreeMap<u32, Vec<Source>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let bad = || Error::failed(format!("sources.txt: {line}: must be network|mobile, fixed or mixed|AS|blocks"));
        let fields: Vec<&str> = line.split('|').collect();
        let [network, kind, number, ref blocks @ ..] = fields[..] else { return Err(bad()) };
        if blocks.len() > 1 || (kind == "fixed") != (network == "-") || !matches!(kind, "mobile" | "fixed" | "mixed") {
            return Err(bad());
        }
        let number = number.parse().map_err(|_| bad())?;
        let blocks = blocks.iter().flat_map(|blocks| blocks.split(' ')).map(cidr).collect::<Option<_>>();
        let source = Source { network: network.to_owned(), blocks: blocks.ok_or_else(bad)? };
        if kind != "mixed" {
            sources.entry(number).or_default().push(source);
        }
    }
    Ok(sources)
}

/// What a line of a list gives to whom. A block that is less than a /64 is nobody's.
fn owned<'a>(line: &str, sources: &'a BTreeMap<u32, Vec<Source>>) -> Vec<(Block, &'a str)> {
    let mut fields = line.splitn(4, ',');
    let mut address = || fields.next()?.trim_matches('"').parse::<IpAddr>().ok();
    let (Some(first), Some(last)) = (address(), address()) else { return Vec::new() };
    let number = fields.next().and_then(|number| number.trim_matches('"').parse().ok());
    let (Some(block), Some(sources)) = (span(first, last), number.and_then(|number: u32| sources.get(&number))) else {
        return Vec::new();
    };
    let within = |source: &'a Source| -> Vec<(Block, &'a str)> {
        let parts: Vec<Block> = match source.blocks[..] {
            [] => vec![block],
            ref wanted => wanted.iter().filter_map(|wanted| common(*wanted, block)).collect(),
        };
        parts.into_iter().map(|part| (part, source.network.as_str())).collect()
    };
    sources.iter().flat_map(within).collect()
}

fn span(first: IpAddr, last: IpAddr) -> Option<Block> {
    let half = |upper: u128| u64::try_from(upper).ok();
    let block = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            Block { is_v6: false, first: first.to_bits().into(), last: last.to_bits().into() }
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => Block {
            is_v6: true,
            first: half(first.to_bits().div_ceil(1 << 64))?,
            // Of a last /64 that is not whole, nothing.
            last: half(((last.to_bits() >> 64) + u128::from(last.to_bits() as u64 == u64::MAX)).checked_sub(1)?)?,
        },
        _ => return None,
    };
    (block.first <= block.last).then_some(block)
}

fn cidr(text: &str) -> Option<Block> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) if length <= 32 => {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            span(
                IpAddr::from((address.to_bits() & !host).to_be_bytes()),
                IpAddr::from((address.to_bits() | host).to_be_bytes()),
            )
        }
        IpAddr::V6(address) if length <= 64 => {
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            span(
                IpAddr::from((address.to_bits() & !host).to_be_bytes()),
                IpAddr::from((address.to_bits() | host).to_be_bytes()),
            )
        }
        _ => None,
    }
}

fn common(one: Block, other: Block) -> Option<Block> {
    let block = Block { first: one.first.max(other.first), last: one.last.min(other.last), ..one };
    (one.is_v6 == other.is_v6 && block.first <= block.last).then_some(block)
}

/// Sorted, neighbours of one network as one block.
fn merged(mut blocks: Vec<(Block, &str)>) -> Result<Vec<(Block, &str)>, Error> {
    blocks.sort_unstable();
    let mut merged: Vec<(Block, &str)> = Vec::new();
    for (block, network) in blocks {
        match merged.last_mut() {
            Some((before, known)) if before.is_v6 == block.is_v6 && before.last >= block.first => {
                if known != &network {
                    return Err(Error::failed(format!("{known} and {network} have the same addresses")));
                }
                before.last = before.last.max(block.last);
            }
            Some((before, known))
                if before.is_v6 == block.is_v6 && *known == network && before.last + 1 == block.first =>
            {
                before.last = block.last;
            }
            _ => merged.push((block, network)),
        }
    }
    Ok(merged)
}

/// First address, last address, the place of the network's name in one byte.
fn bytes(blocks: &[(Block, &str)], is_v6: bool, names: &[&str]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (block, network) in blocks.iter().filter(|(block, _)| block.is_v6 == is_v6) {
        for number in [block.first, block.last] {
            let number = number.to_be_bytes();
            bytes.extend_from_slice(if is_v6 { &number } else { &number[4..] });
        }
        let place = names.binary_search(network).ok().and_then(|place| u8::try_from(place).ok());
        bytes.push(place.ok_or_else(|| Error::failed("more than 256 networks need a wider table"))?);
    }
    Ok(bytes)
}

fn notice(release: &str, date: &str) -> String {
    format!(
        "v4.bin and v6.bin are derived from @ip-location-db/asn {release} of {date}
(https://github.com/sapics/ip-location-db), which is under the Creative Commons Attribution 4.0 International License
(https://creativecommons.org/licenses/by/4.0/) and derived from data of Route Views (https://www.routeviews.org), the
Number Resource Organization (https://www.nro.net) and DB-IP (https://db-ip.com).

Changes: the blocks of the networks in sources.txt were taken, joined and packed. `cargo xtask addresses refresh` does it
again.
"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn built(list: &str, text: &str) -> String {
        let sources = sources(text).unwrap();
        let blocks = merged(list.lines().flat_map(|line| owned(line, &sources)).collect()).unwrap();
        let text: Vec<_> =
            blocks.iter().map(|(block, name)| format!("{:x}-{:x} {name}", block.first, block.last)).collect();
        text.join(" ")
    }

    #[test]
    fn an_as_gives_all_it_announces_or_the_blocks_that_are_named() {
        let list = "10.0.0.0,10.0.0.255,1,\"One, Inc.\"\n10.0.1.0,10.0.1.255,1,One\n10.0.2.0,10.0.3.255,2,Two\n";
        assert_eq!(built(list, "ONE|mobile|1\n-|fixed|2"), "a000000-a0001ff ONE a000200-a0003ff -");
        assert_eq!(built(list, "ONE|mobile|2|10.0.0.0/22"), "a000200-a0003ff ONE", "no more than is announced");
        assert_eq!(
            built(list, "ONE|mobile|2|10.0.3.0/24\nTWO|mobile|2|10.0.2.0/25"),
            "a000200-a00027f TWO a000300-a0003ff ONE"
        );
        assert_eq!(built(list, "# nothing\nONE|mixed|1"), "");
    }

    #[test]
    fn of_ipv6_the_whole_64s_count() {
        let list = "2001:db8::,2001:db8:0:1:ffff:ffff:ffff:ffff,1,x\n2001:db9::1,2001:db9:0:0:ffff:ffff:ffff:ffff,1,x\n\
                    2001:dba::,2001:dba:0:1::,1,x\n";
        assert_eq!(
            built(list, "A|mobile|1"),
            "20010db800000000-20010db800000001 A 20010dba00000000-20010dba00000000 A"
        );
    }

    #[test]
    fn a_line_that_is_not_understood_and_a_block_of_two_are_refused() {
        for line in [
            "A|mobile",
            "A|fixed|1",
            "-|mobile|1",
            "A|radio|1",
            "A|mobile|AS1",
            "A|mobile|1|10.0.0.0",
            "A|mobile|1|x|y",
        ] {
            assert!(sources(line).is_err(), "{line}");
        }
        let sources = sources("A|mobile|1\nB|mobile|2").unwrap();
        let list = ["10.0.0.0,10.0.0.255,1,x", "10.0.0.128,10.0.0.129,2,x"];
        assert!(merged(list.iter().flat_map(|line| owned(line, &sources)).collect()).is_err());
    }
}
