//! The HTTPS front of the simulated service: actix turns connections into requests, the faults decide what
//! becomes of them, the service answers.

use std::any::Any;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, Server};
use actix_web::http::{Method as HttpMethod, StatusCode, header};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;

use super::faults::{Fate, Faults};
use super::journal::{Journal, Outcome};
use super::percent;
use super::quota::{Quota, Throttle};
use super::refusal::Refusal;
use super::request::{Method, Reply, Request, Route};
use super::service::{LARGEST_BODY, Service};
use crate::domain::utc_time::UtcTime;

/// However long a hang is asked for, it ends after this.
const LONGEST_HANG: Duration = Duration::from_secs(600);

/// What all workers share.
pub(super) struct Shared {
    pub(super) service: Mutex<Service>,
    pub(super) faults: Arc<Faults>,
    pub(super) journal: Journal,
    pub(super) throttle: Option<Throttle>,
    pub(super) quota: Mutex<Quota>,
    pub(super) now: fn() -> UtcTime,
}

/// What is known of a connection: the client's certificates, and a hold on the socket to cut it off.
struct Connection {
    chain: Vec<CertificateDer<'static>>,
    socket: Option<TcpStream>,
}

/// The server, not yet running.
pub(super) fn build(
    listener: TcpListener,
    tls: ServerConfig,
    shared: Arc<Shared>,
) -> std::io::Result<Server> {
    let shared = web::Data::from(shared);
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(LARGEST_BODY))
            .default_service(web::to(handle))
    };
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(1)
        .on_connect(remember)
        .listen_rustls_0_23(listener, tls)?;
    Ok(server.run())
}

fn remember(stream: &dyn Any, data: &mut Extensions) {
    let Some(stream) = stream.downcast_ref::<TlsStream<actix_web::rt::net::TcpStream>>() else { return };
    let (socket, session) = stream.get_ref();
    data.insert(Connection {
        chain: session.peer_certificates().map(<[_]>::to_vec).unwrap_or_default(),
        socket: socket.as_fd().try_clone_to_owned().ok().map(TcpStream::from),
    });
}

async fn handle(
    http: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let log =
        |outcome| shared.journal.add((shared.now)(), http.method().as_str(), http.uri().path(), outcome);
    let request = match body {
        Ok(body) => Ok(read(&http, body.to_vec())),
        Err(_) => Err(Refusal::TooLarge(LARGEST_BODY)),
    };
    let changes = !matches!(*http.method(), HttpMethod::GET | HttpMethod::HEAD | HttpMethod::OPTIONS);
    let fate = shared.faults.next(changes);
    let reply = match fate {
        Fate::Cut => {
            log(Outcome::Refused);
            return cut(&http);
        }
        Fate::Hang(time) => {
            log(Outcome::Refused);
            actix_web::rt::time::sleep(time.min(LONGEST_HANG)).await;
            return cut(&http);
        }
        Fate::Unavailable(wait) => shared.put_off(&Refusal::Unavailable, wait),
        Fate::Throttle(wait) => shared.put_off(&Refusal::Throttled, wait),
        Fate::LoseAnswer | Fate::Serve => shared.answer(request),
    };
    if fate == Fate::LoseAnswer {
        log(Outcome::AnswerLost(reply.status));
        return cut(&http);
    }
    log(Outcome::Answered(reply.status));
    write(reply)
}

impl Shared {
    fn answer(&self, request: Result<Request, Refusal>) -> Reply {
        let now = (self.now)();
        let request = match request {
            Ok(request) => request,
            Err(refusal) => return self.service().refuse(&refusal, now),
        };
        let from_device =
            Route::find(request.method, &request.path).is_some_and(|route| route.is_for_devices());
        if !from_device && let Some(throttle) = self.throttle {
            let mut quota = self.quota.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(wait) = quota.take(throttle, now) {
                return self.put_off(&Refusal::Throttled, wait);
            }
        }
        self.service().answer(&request, now)
    }

    fn put_off(&self, refusal: &Refusal, wait: Duration) -> Reply {
        self.service().refuse(refusal, (self.now)()).with("retry-after", wait.as_secs().to_string())
    }

    /// The service, for the time of one request.
    pub(super) fn service(&self) -> std::sync::MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// the client sees its connection end without an answer
fn cut(http: &HttpRequest) -> HttpResponse {
    if let Some(socket) = http.conn_data::<Connection>().and_then(|connection| connection.socket.as_ref()) {
        // it may be closed already, which is just as well
        let _ = socket.shutdown(Shutdown::Both);
    }
    HttpResponse::ServiceUnavailable().force_close().finish()
}

fn read(http: &HttpRequest, body: Vec<u8>) -> Request {
    let text = |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = http.query_string().split('&').filter_map(|pair| pair.split_once('='));
    Request {
        method: match *http.method() {
            HttpMethod::GET => Method::Get,
            HttpMethod::PUT => Method::Put,
            HttpMethod::POST => Method::Post,
            HttpMethod::DELETE => Method::Delete,
            _ => Method::Other,
        },
        path: http.uri().path().to_owned(),
        api_version: query
            .filter(|(name, _)| *name == "api-version")
            .find_map(|(_, value)| percent::decode(value)),
        host: http.connection_info().host().to_owned(),
        authorization: text("authorization"),
        content_type: text("content-type"),
        if_match: text("if-match"),
        max_item_count: text("x-ms-max-item-count"),
        continuation: text("x-ms-continuation"),
        body,
        chain: http.conn_data::<Connection>().map(|connection| connection.chain.clone()).unwrap_or_default(),
    }
}

fn write(reply: Reply) -> HttpResponse {
    let Reply { status, headers, body } = reply;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in headers {
        response.insert_header((name, value));
    }
    match body {
        Some(body) => response
            .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
            .body(body.to_string()),
        None => response.finish(),
    }
}
