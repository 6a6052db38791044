//! The station's pages. Handlers turn forms into use cases and records into views; the rules live in
//! `station`. Everything is served on a loopback address only.

pub mod access;
pub mod api;
pub mod assets;
pub mod barcode;
pub mod clients;
pub mod frame;
pub mod gate;
pub mod language;
pub mod line;
pub mod metrics;
pub mod session;
pub mod told;
pub mod trouble;
pub mod words;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use crate::station::doorkeeper::Doorkeeper;
use crate::station::slots::Floor;
use crate::web::gate::VaultDoor;
use crate::web::session::Sessions;
use crate::web::trouble::Trouble;

/// Requests are handled by this many threads.
const WORKERS: usize = 2;
/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 16 * 1024;

/// The pages being served.
pub struct Pages {
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Pages {
    /// Where they are.
    pub fn address(&self) -> SocketAddr {
        self.address
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

/// Serves the pages on this listener.
pub fn start(listener: TcpListener, floor: &Floor, keeper: &Arc<Doorkeeper>) -> io::Result<Pages> {
    let address = listener.local_addr()?;
    let floor = web::Data::new(floor.clone());
    let keeper = web::Data::from(Arc::clone(keeper));
    let vault_door = web::Data::new(VaultDoor::default());
    let sessions = web::Data::new(Sessions::default());
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::Builder::new().name("pages".to_owned()).spawn(move || {
        let served = actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(floor.clone())
                    .app_data(keeper.clone())
                    .app_data(vault_door.clone())
                    .app_data(sessions.clone())
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
                    .wrap(from_fn(gate::only_our_host))
                    .wrap(from_fn(metrics::count))
                    // the last one is the outermost: no answer goes out without these
                    .wrap(headers())
                    .configure(routes)
                    .default_service(web::to(nothing))
            })
            .workers(WORKERS)
            .shutdown_timeout(2)
            .listen(listener)?
            .run();
            // nobody waits any more if the other end is gone
            let _ = tell.send(server.handle());
            server.await
        });
        if let Err(error) = served {
            tracing::error!("the pages ended: {error}");
        }
    })?;
    let handle = told.recv().map_err(|_| io::Error::other("the pages did not start"))?;
    Ok(Pages { address, handle, thread })
}

/// The route table, nothing else.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(line::page))
        .route("/login", web::get().to(gate::login_page))
        .route("/login", web::post().to(gate::login))
        .route("/logout", web::post().to(gate::logout))
        .route("/unlock", web::get().to(gate::unlock_page))
        .route("/unlock", web::post().to(gate::unlock))
        .route("/clients", web::get().to(clients::page))
        .route("/clients", web::post().to(clients::add))
        .route("/clients/disable", web::post().to(clients::disable))
        .route("/healthz", web::get().to(line::health))
        .route("/metrics", web::get().to(metrics::figures))
        .route("/language", web::post().to(language::choose))
        .route("/static/{name}", web::get().to(assets::file))
        .configure(api::routes);
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
