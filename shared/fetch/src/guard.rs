//! Which addresses may be asked for a tenant's file: public ones, and those that the installation
//! names. Every address that only the machine or its network can reach is refused, under any name
//! (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Returns whether this is an address of the public internet. Ranges are IANA's special-purpose
/// registries for IPv4 and IPv6, as of 2026.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

/// Networks of IPv4 that are nobody's public address: the first address and the length of the
/// prefix.
const SPECIAL_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let address = u32::from(address);
    SPECIAL_V4.iter().all(|(first, length)| (address ^ u32::from_be_bytes(*first)) >> (32 - length) != 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // 2000::/3 is all that is given out; of it, protocol assignments with Teredo, documentation and
    // 6to4 lead elsewhere.
    let given_out = first & 0xe000 == 0x2000;
    let special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    given_out && !special
}

/// Addresses that the installation allows beside public ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    allowed: Vec<String>,
}

impl Guard {
    /// `allowed` are hosts, each with its port (`files.internal:8443`), that may have any address,
    /// and may be asked without TLS.
    pub const fn new(allowed: Vec<String>) -> Self {
        Self { allowed }
    }

    /// Returns whether the installation names this host.
    pub fn names(&self, host: &str, port: u16) -> bool {
        self.allowed.iter().any(|allowed| {
            allowed.rsplit_once(':').is_some_and(|(name, number)| {
                name.trim_matches(['[', ']']).eq_ignore_ascii_case(host.trim_matches(['[', ']']))
                    && number.parse() == Ok(port)
            })
        })
    }

    /// Returns whether this host is named with any port. A resolver is not told the port, so that
    /// other ports are refused before anybody is asked for the host's address.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.rsplit_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(host)))
    }

    /// Returns the addresses of a host that may be asked, on a port that has been looked at.
    pub(crate) fn admit(&self, host: &str, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let named = self.names_host(host);
        found.filter(|address| named || is_public(address.ip())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "3fff::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn a_named_host_may_have_any_address_on_its_port_alone() {
        let guard = Guard::new(vec!["Files.internal:8443".to_owned(), "[::1]:80".to_owned()]);
        assert!(guard.names("files.internal", 8443) && guard.names("::1", 80) && guard.names("[::1]", 80));
        assert!(!guard.names("files.internal", 443) && !guard.names("other.internal", 8443));
        let private = "10.0.0.1:0".parse().unwrap();
        assert_eq!(guard.admit("files.internal", std::iter::once(private)), [private]);
        assert!(guard.admit("other.internal", std::iter::once(private)).is_empty());
    }
}
