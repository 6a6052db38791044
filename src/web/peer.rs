//! Where a request comes from, as far as failures are counted by it. Behind a reverse proxy that is the proxy.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The address a request comes from; of an IPv6 address its network, within which a machine chooses its own.
pub fn of(request: &HttpRequest) -> String {
    request.peer_addr().map(|peer| place(peer.ip())).unwrap_or_default()
}

fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_machine_are_one_place() {
        let place = |text: &str| place(text.parse().unwrap());
        assert_eq!(place("192.0.2.7"), "192.0.2.7");
        assert_eq!(place("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(place("2001:db8:0:7:1::1"), place("2001:db8:0:7:2::2"));
        assert_ne!(place("2001:db8:0:7::1"), place("2001:db8:0:8::1"));
    }
}
