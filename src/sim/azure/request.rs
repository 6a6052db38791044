//! A request and its answer without HTTP around them, and the table of paths. Fixed words of a path are
//! compared without case, and a trailing slash is forgiven: official clients send both.

use rustls::pki_types::CertificateDer;
use serde_json::Value;

use super::enrollment::Kind;
use super::percent;

/// The methods that the interface knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Read.
    Get,
    /// Create or replace; register.
    Put,
    /// Bulk, query, mechanism, look-up.
    Post,
    /// Remove.
    Delete,
    /// Anything else.
    Other,
}

/// What the service judges.
pub(super) struct Request {
    pub(super) method: Method,
    /// As the client wrote it, without the query.
    pub(super) path: String,
    pub(super) api_version: Option<String>,
    /// Host and port the client believes to talk to.
    pub(super) host: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) if_match: Option<String>,
    pub(super) max_item_count: Option<String>,
    pub(super) continuation: Option<String>,
    pub(super) body: Vec<u8>,
    /// The client's certificate and those that came with it; the TLS handshake proved its key, nothing else.
    pub(super) chain: Vec<CertificateDer<'static>>,
}

/// What goes back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Reply {
    /// 200 with a document.
    pub(super) fn ok(body: Value) -> Reply {
        Reply { status: 200, headers: Vec::new(), body: Some(body) }
    }

    /// 204.
    pub(super) fn nothing() -> Reply {
        Reply { status: 204, headers: Vec::new(), body: None }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &'static str, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/enrollments`
    Bulk(Kind),
    /// `/enrollments/query`
    Query(Kind),
    /// `/enrollments/{id}`
    One(Kind, String),
    /// `/enrollments/{id}/attestationmechanism`
    Mechanism(Kind, String),
    /// `/registrations/{id}`
    Registration(String),
    /// `/registrations/{groupId}/query`
    GroupRegistrations(String),
    /// `/{idScope}/registrations/{rid}/register`
    Register(Device),
    /// `/{idScope}/registrations/{rid}/operations/{operationId}`
    Operation(Device, String),
    /// `/{idScope}/registrations/{rid}`
    LookUp(Device),
}

/// The device a device-side path names, as it spells itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) id_scope: String,
    pub(super) registration_id: String,
}

impl Route {
    /// Follows a path; `method` tells `POST /enrollments/query` from an enrollment called “query”.
    pub(super) fn find(method: Method, path: &str) -> Option<Route> {
        let trimmed = path.strip_prefix('/')?;
        let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
        let segments: Vec<String> = trimmed.split('/').map(percent::decode).collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (first, rest) = segments.split_first()?;
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let kind = match first {
            word if is(word, "enrollments") => Some(Kind::Individual),
            word if is(word, "enrollmentGroups") => Some(Kind::Group),
            _ => None,
        };
        if let Some(kind) = kind {
            return match rest {
                [] => Some(Route::Bulk(kind)),
                [word] if method == Method::Post && is(word, "query") => Some(Route::Query(kind)),
                [id] => Some(Route::One(kind, (*id).to_owned())),
                [id, word] if is(word, "attestationmechanism") => {
                    Some(Route::Mechanism(kind, (*id).to_owned()))
                }
                _ => None,
            };
        }
        match rest {
            [id] if is(first, "registrations") => Some(Route::Registration((*id).to_owned())),
            [id, word] if is(first, "registrations") && is(word, "query") => {
                Some(Route::GroupRegistrations((*id).to_owned()))
            }
            [word, id, tail @ ..] if is(word, "registrations") => {
                let device = Device { id_scope: (*first).to_owned(), registration_id: (*id).to_owned() };
                match tail {
                    [] => Some(Route::LookUp(device)),
                    [word] if is(word, "register") => Some(Route::Register(device)),
                    [word, id] if is(word, "operations") => Some(Route::Operation(device, (*id).to_owned())),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether devices call it; all else is the service's side, with a policy's token.
    pub(super) fn is_for_devices(&self) -> bool {
        match self {
            Route::Register(_) | Route::Operation(..) | Route::LookUp(_) => true,
            Route::Bulk(_)
            | Route::Query(_)
            | Route::One(..)
            | Route::Mechanism(..)
            | Route::Registration(_)
            | Route::GroupRegistrations(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_paths_of_the_official_clients_are_found() {
        let find = |method, path| Route::find(method, path).unwrap();
        assert_eq!(find(Method::Post, "/enrollments/"), Route::Bulk(Kind::Individual));
        assert_eq!(find(Method::Post, "/enrollments/query"), Route::Query(Kind::Individual));
        assert_eq!(
            find(Method::Get, "/enrollments/SN-1%3Aab"),
            Route::One(Kind::Individual, "SN-1:ab".into())
        );
        assert_eq!(
            find(Method::Post, "/enrollmentgroups/g/attestationmechanism"),
            Route::Mechanism(Kind::Group, "g".into())
        );
        assert_eq!(find(Method::Post, "/registrations/g/query"), Route::GroupRegistrations("g".into()));
        let device = || Device { id_scope: "0ne00000LAB".into(), registration_id: "sn-0001".into() };
        assert_eq!(
            find(Method::Put, "/0ne00000LAB/registrations/sn-0001/register"),
            Route::Register(device())
        );
        assert_eq!(
            find(Method::Get, "/0ne00000LAB/registrations/sn-0001/operations/5.lab.sn-0001"),
            Route::Operation(device(), "5.lab.sn-0001".into())
        );
        assert_eq!(find(Method::Post, "/0ne00000LAB/registrations/sn-0001"), Route::LookUp(device()));
        assert_eq!(Route::find(Method::Get, "/"), None);
        assert_eq!(Route::find(Method::Get, "/devices/a/b/c"), None);
    }

    proptest! {
        #[test]
        fn hostile_paths_never_panic(path in "[/a-z%\\PC]{0,60}") {
            let _ = Route::find(Method::Post, &path);
        }
    }
}
