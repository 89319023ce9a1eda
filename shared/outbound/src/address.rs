//! Which addresses a host outside may have. A name that resolves to a private address is an
//! attack on our own network (SSRF, DNS rebinding), whoever answered.

use std::{net::IpAddr, sync::LazyLock};

use ipnet::IpNet;

/// IANA's special-purpose registries (RFC 6890 and what followed), multicast, and the IPv6 forms that
/// carry an IPv4 address to another place.
static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 \
     192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 \
     ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 fc00::/7 fe80::/9 ff00::/8"
        .split(' ')
        .filter_map(|net| net.parse().ok())
        .collect()
});

/// May the host connect there? Loopback only where the caller's configuration allows it (the local run).
pub fn allowed(address: IpAddr, allow_loopback: bool) -> bool {
    (allow_loopback && address.to_canonical().is_loopback()) || !is_special(address)
}

/// Is this no address of a host on the public internet?
pub fn is_special(address: IpAddr) -> bool {
    let address = address.to_canonical();
    SPECIAL.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, loopback: bool) -> bool {
        text.parse().is_ok_and(|address| allowed(address, loopback))
    }

    #[test]
    fn every_special_range_is_parsed() {
        assert_eq!(SPECIAL.len(), 25);
    }

    #[test]
    fn private_and_local_addresses_are_refused_in_every_spelling() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!at(address, false), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in ["8.8.8.8", "212.183.128.1", "2a00:23c0::1", "::ffff:8.8.8.8"] {
            assert!(at(address, false), "{address}");
        }
    }

    #[test]
    fn loopback_is_allowed_only_where_the_entry_says_so() {
        assert!(at("127.0.0.1", true) && at("::1", true) && at("::ffff:127.0.0.1", true));
        assert!(!at("10.0.0.1", true));
    }
}
