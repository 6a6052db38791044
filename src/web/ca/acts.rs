//! What an administrator has the CA do: sign the next revocation list, prove to Azure that its key is here.

use actix_web::HttpResponse;
use serde::Deserialize;

use crate::station::authority::{Administering, Authority};
use crate::station::clock;
use crate::station::possession::{self, Ask, CannotProve};
use crate::station::revocation;
use crate::web::access::{Posted, Visit};
use crate::web::download;
use crate::web::outbox::Bare;
use crate::web::trouble::Trouble;
use crate::web::words::ca::CaWords;
use crate::web::words::fill;

/// `POST /ca/crl`
pub async fn issue_list(posted: Posted<Administering, Bare>) -> Result<HttpResponse, Trouble> {
    let visit = posted.visit;
    let Some(keys) = visit.floor.keys.current() else { return Ok(locked(&visit)) };
    let issued = visit
        .act(move |floor, who| {
            let (folder, store, issuer) = (&floor.folder, &floor.store, &keys.issuer);
            revocation::issue_crl(folder, store, issuer, &keys.past, who.actor())
        })
        .await?;
    Ok(match issued.map(|issued| issued.present) {
        Ok(Ok((number, entries))) => {
            let (number, entries) = (number.to_string(), entries.to_string());
            let t = CaWords::of(visit.language);
            visit.done("/ca", fill(t.list_issued, &[("number", &number), ("entries", &entries)]))
        }
        Ok(Err(ended)) => visit.refused("/ca", &ended),
        Err(error) => visit.refused("/ca", &error),
    })
}

/// A code that Azure gave.
#[derive(Deserialize)]
pub struct Prove {
    code: String,
}

/// `POST /ca/prove`: the certificate as a file.
pub async fn prove(posted: Posted<Administering, Prove>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Prove { code } } = posted;
    let Some(keys) = visit.floor.keys.current() else { return Ok(locked(&visit)) };
    let proven = visit
        .act(move |floor, who| {
            let (role, issuer) = ("issuing", &*keys.issuer);
            let ask = Ask { role, issuer, code: &code, profile: None, second: None };
            possession::prove(&floor.folder, &floor.store, who, clock::now(), &ask)
        })
        .await?;
    Ok(match proven {
        Ok(proof) => download::file("proof-of-possession.pem", download::PEM, proof.pem()),
        Err(error) => visit.refused("/ca", &error),
    })
}

fn locked(visit: &Visit<Administering>) -> HttpResponse {
    visit.refused("/ca", &CannotProve::Locked)
}
