//! The station's pages. Handlers turn forms into use cases and records into views; the rules live in
//! `station`. On any other address than a loopback one they
//! are served under TLS only.

pub mod access;
pub mod api;
pub mod assets;
pub mod audit;
pub mod barcode;
pub mod batches;
pub mod ca;
pub mod clients;
pub mod command_sheet;
pub mod device;
pub mod devices;
pub mod download;
pub mod entries;
pub mod frame;
pub mod gate;
pub mod label_preview;
pub mod labels;
pub mod language;
pub mod line;
pub mod metrics;
pub mod outbox;
pub mod peer;
pub mod people;
pub mod plot;
pub mod reports;
pub mod run_view;
pub mod runs;
pub mod served;
pub mod session;
pub mod standing;
pub mod told;
pub mod trouble;
pub mod unlock;
pub mod words;
pub mod work_orders;
pub mod worries;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use rustls::ServerConfig;

use crate::station::people::LoginDoor;
use crate::station::slots::Floor;
use crate::station::verification::Verification;
use crate::web::line::events::Watchers;
use crate::web::served::Served;
use crate::web::session::Sessions;
use crate::web::trouble::Trouble;
use crate::web::unlock::VaultDoor;

/// Requests are handled by this many threads.
const WORKERS: usize = 2;
/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 16 * 1024;

/// The pages being served.
pub struct Pages {
    address: SocketAddr,
    url: String,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Pages {
    /// Where they are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where they are, for a browser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the process was told to end (SIGINT or SIGTERM).
    pub fn ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the process is told to end.
    pub fn wait(self) {
        // a server thread that panicked has said so already
        let _ = self.thread.join();
    }

    /// Ends the pages.
    pub fn stop(self) {
        let stopping = self.handle.stop(false);
        drop(stopping);
        let _ = self.thread.join();
    }
}

/// Serves the pages on this listener, under TLS if that is given.
pub fn start(
    listener: TcpListener,
    floor: &Floor,
    door: &Arc<LoginDoor>,
    tls: Option<ServerConfig>,
) -> io::Result<Pages> {
    let address = listener.local_addr()?;
    let served = Served::at(address, &floor.settings.pages, tls.is_some());
    let url = format!("{}://{address}", served.scheme());
    let served = web::Data::new(served);
    let sessions = web::Data::new(Sessions::new(Arc::clone(&floor.shift)));
    let floor = web::Data::new(floor.clone());
    let door = web::Data::from(Arc::clone(door));
    let vault_door = web::Data::new(VaultDoor::default());
    let watchers = web::Data::new(Watchers::default());
    let verification = web::Data::new(Verification::default());
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::Builder::new().name("pages".to_owned()).spawn(move || {
        let served = rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(floor.clone())
                    .app_data(door.clone())
                    .app_data(vault_door.clone())
                    .app_data(sessions.clone())
                    .app_data(watchers.clone())
                    .app_data(served.clone())
                    .app_data(verification.clone())
                    .app_data(web::FormConfig::default().limit(LARGEST_FORM))
                    .app_data(access::limits())
                    .app_data(
                        web::PathConfig::default()
                            .error_handler(|_, request| Trouble::not_found(language::of(request)).into()),
                    )
                    .app_data(web::QueryConfig::default().error_handler(|fault, request| {
                        let language = language::of(request);
                        Trouble::plain(StatusCode::BAD_REQUEST, &fault.to_string(), language).into()
                    }))
                    .wrap(from_fn(served::only_our_host))
                    .wrap(from_fn(metrics::count))
                    // the last one is the outermost: no answer goes out without these
                    .wrap(headers())
                    .configure(routes)
                    .default_service(web::to(nothing))
            })
            .workers(WORKERS)
            .shutdown_timeout(2);
            let server = match tls {
                Some(tls) => server.listen_rustls_0_23(listener, tls)?,
                None => server.listen(listener)?,
            };
            let server = server.run();
            let handle = server.handle();
            // runs only once the server was polled: from then on a signal ends it in good order
            rt::spawn(async move {
                // nobody waits any more if the other end is gone
                let _ = tell.send(handle);
            });
            server.await
        });
        if let Err(error) = served {
            tracing::error!("the pages ended: {error}");
        }
    })?;
    let handle = told.recv().map_err(|_| io::Error::other("the pages did not start"))?;
    Ok(Pages { address, url, handle, thread })
}

/// The route table, nothing else.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(line::page))
        .route("/events", web::get().to(line::events::events))
        .route("/scan", web::post().to(line::scan::scan))
        .route("/command-sheet", web::get().to(command_sheet::page))
        .route("/login", web::get().to(gate::login_page))
        .route("/login", web::post().to(gate::login))
        .route("/badge", web::post().to(gate::badge))
        .route("/logout", web::post().to(gate::logout))
        .configure(work_orders::routes)
        .configure(reports::routes)
        .route("/devices", web::get().to(devices::page))
        .route("/devices/find", web::get().to(devices::find))
        .route("/devices/{id}", web::get().to(device::page))
        .route("/devices/{id}/proof", web::get().to(device::downloads::proof))
        .route("/devices/{id}/certificates/{serial}/{form}", web::get().to(device::downloads::certificate))
        .route("/devices/{id}/decide", web::post().to(device::actions::decide_about))
        .route("/devices/{id}/revoke", web::post().to(device::actions::revoke))
        .route("/runs/{id}", web::get().to(runs::page))
        .route("/labels", web::get().to(labels::page))
        .route("/labels/preview", web::get().to(labels::preview))
        .route("/labels/reprint", web::post().to(labels::reprint))
        .route("/labels/{label}/retry", web::post().to(labels::retry))
        .route("/labels/{label}/settle", web::post().to(labels::settle))
        .route("/clients", web::get().to(clients::page))
        .route("/clients", web::post().to(clients::add))
        .route("/clients/disable", web::post().to(clients::disable))
        .route("/unlock", web::get().to(unlock::unlock_page))
        .route("/unlock", web::post().to(unlock::unlock))
        .route("/people", web::get().to(people::page))
        .route("/people", web::post().to(people::add))
        .route("/people/me", web::get().to(people::own::page))
        .route("/people/me", web::post().to(people::own::change))
        .route("/people/who/{name}", web::get().to(people::one::page))
        .route("/people/who/{name}/password", web::post().to(people::one::set_password))
        .route("/people/who/{name}/disable", web::post().to(people::one::disable))
        .route("/people/who/{name}/badge/make", web::post().to(people::one::make_badge))
        .route("/people/who/{name}/badge/enrol", web::post().to(people::one::enrol_badge))
        .route("/people/who/{name}/badge/remove", web::post().to(people::one::remove_badge))
        .route("/healthz", web::get().to(line::health))
        .route("/metrics", web::get().to(metrics::figures))
        .route("/language", web::post().to(language::choose))
        .configure(records)
        .route("/static/{name}", web::get().to(assets::file))
        .route("/favicon.ico", web::get().to(assets::icon))
        .configure(api::routes);
}

/// The routes of outbox, batches, audit log and CA.
fn records(config: &mut web::ServiceConfig) {
    config
        .route("/outbox", web::get().to(outbox::page))
        .route("/outbox/send-now", web::post().to(outbox::send_now))
        .route("/outbox/release", web::post().to(outbox::release_all))
        .route("/outbox/{id}", web::get().to(outbox::row::page))
        .route("/outbox/{id}/release", web::post().to(outbox::row::release))
        .route("/outbox/{id}/amend", web::post().to(outbox::row::amend))
        .route("/outbox/{id}/cancel", web::post().to(outbox::row::cancel))
        .route("/outbox/{id}/cancel-block", web::post().to(outbox::row::cancel_block))
        .route("/outbox/{id}/look", web::post().to(outbox::row::look_at_azure))
        .configure(batches::routes)
        .route("/audit", web::get().to(audit::page))
        .route("/audit/verify", web::post().to(audit::verification::begin))
        .route("/audit/stop", web::post().to(audit::verification::stop))
        .route("/audit/verification", web::get().to(audit::verification::part))
        .route("/audit/checkpoint", web::get().to(audit::head::checkpoint))
        .route("/audit/vkey", web::get().to(audit::head::vkey))
        .route("/audit/head", web::get().to(audit::head::page))
        .route("/audit/{seq}", web::get().to(audit::entry::page))
        .route("/audit/{seq}/proof", web::get().to(audit::entry::proof))
        .route("/ca", web::get().to(ca::page))
        .route("/ca/ceremony", web::get().to(ca::ceremony::page))
        .route("/ca/crl", web::post().to(ca::acts::issue_list))
        .route("/ca/prove", web::post().to(ca::acts::prove))
        .route("/ca/files/{name}", web::get().to(ca::files::file));
}

/// What no other route serves.
async fn nothing(request: HttpRequest) -> Result<HttpResponse, Trouble> {
    Err(Trouble::not_found(language::of(&request)))
}

/// Scripts and styles are our own files, nothing comes from elsewhere, nobody frames us, nothing is kept.
fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("Cache-Control", "no-store"))
}
