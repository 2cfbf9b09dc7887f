//! One client as limits count it: an IPv4 address, or an IPv6 /64.

use std::net::IpAddr;

/// The key under which a client's requests are counted together.
///
/// A household or a host is given a whole IPv6 /64, so single addresses in it would be free tickets. An IPv4
/// address mapped into IPv6 counts as the IPv4 address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AddressKey {
    /// This machine's command line, which has no address.
    Local,
    /// An IPv4 address.
    V4(u32),
    /// The upper 64 bits of an IPv6 address.
    V6(u64),
}

impl AddressKey {
    /// The key of an address; `None` is the command line.
    pub fn of(address: Option<IpAddr>) -> AddressKey {
        match address.map(|address| address.to_canonical()) {
            None => AddressKey::Local,
            Some(IpAddr::V4(v4)) => AddressKey::V4(v4.to_bits()),
            Some(IpAddr::V6(v6)) => AddressKey::V6((v6.to_bits() >> 64) as u64),
        }
    }

    /// The key as bytes: its kind, and what it holds.
    pub fn to_bytes(self) -> [u8; 9] {
        let (kind, bits) = match self {
            AddressKey::Local => (0, 0),
            AddressKey::V4(bits) => (4, u64::from(bits)),
            AddressKey::V6(bits) => (6, bits),
        };
        let mut bytes = [kind; 9];
        bytes[1..].copy_from_slice(&bits.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> AddressKey {
        AddressKey::of(Some(text.parse().unwrap()))
    }

    #[test]
    fn ipv6_counts_by_64_bits_and_mapped_ipv4_as_ipv4() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
        assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
        assert_ne!(AddressKey::of(None), key("0.0.0.0"));
    }
}
