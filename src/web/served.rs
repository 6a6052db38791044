//! How the pages are served: under which host names, and whether under TLS.

use std::net::SocketAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use crate::station::settings::pages::PagesSettings;

/// How the pages are served.
pub struct Served {
    hosts: Vec<String>,
    tls: bool,
}

impl Served {
    /// Served at this address under these settings.
    pub fn at(address: SocketAddr, settings: &PagesSettings, tls: bool) -> Served {
        let loopback = ["127.0.0.1".to_owned(), "::1".to_owned()];
        Served { hosts: settings.names(address).into_iter().chain(loopback).collect(), tls }
    }

    /// How the address of a page begins.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// A cookie for this station only, which scripts cannot read, and which goes over TLS only if we speak it.
    pub fn cookie(&self, name: &'static str, value: String) -> Cookie<'static> {
        let cookie = Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Strict);
        cookie.secure(self.tls).finish()
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        // an address of version 6 stands in brackets there, and nothing else does
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let bare = bare.filter(|name| name.contains(':')).unwrap_or(name);
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(bare))
    }
}

/// Refuses requests that name a host other than ours: a page elsewhere that had its name point here (DNS
/// rebinding) gets nothing.
pub async fn only_our_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let served = request.app_data::<web::Data<Served>>();
    if host.zip(served).is_some_and(|(host, served)| served.is_ours(host)) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    Ok(request.into_response(HttpResponse::MisdirectedRequest().body("This host name is not served here.")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn served(address: &str, hosts: &[&str]) -> Served {
        let settings = PagesSettings {
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            tls_always: false,
            own_certificate: None,
            operator_required: false,
            idle: Duration::from_secs(60),
        };
        Served::at(address.parse().unwrap(), &settings, true)
    }

    #[test]
    fn only_loopback_names_are_served_at_home() {
        let served = served("127.0.0.1:8470", &[]);
        for host in ["127.0.0.1:8470", "localhost", "[::1]:80", "localhost:1", "LOCALHOST"] {
            assert!(served.is_ours(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:80",
            "192.168.0.7",
            "",
            "localhost:80:80x",
            "[localhost]",
        ] {
            assert!(!served.is_ours(host), "{host}");
        }
    }

    #[test]
    fn the_settings_name_further_hosts() {
        let served = served("192.0.2.7:443", &["line-1.plant", "2001:db8::7"]);
        for host in ["192.0.2.7", "Line-1.plant:443", "[2001:db8::7]:443", "localhost"] {
            assert!(served.is_ours(host), "{host}");
        }
        for host in ["192.0.2.8", "line-2.plant", "plant", "line-1.plant.evil.example"] {
            assert!(!served.is_ours(host), "{host}");
        }
    }
}
