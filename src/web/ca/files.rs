//! The CA's public files: certificates, chain, revocation list.

use actix_web::{HttpResponse, web};

use crate::station::authority::Reading;
use crate::station::ca_material::{self, CannotShow};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::web::access::Visit;
use crate::web::download;
use crate::web::trouble::Trouble;

/// A certificate's DER (RFC 2585).
const CERTIFICATE: &str = "application/pkix-cert";
/// A revocation list's DER (RFC 2585).
const LIST: &str = "application/pkix-crl";

/// `GET /ca/files/{name}`
pub async fn file(visit: Visit<Reading>, name: web::Path<String>) -> Result<HttpResponse, Trouble> {
    let wanted = name.clone();
    match visit.act(move |floor, _| content(floor, &wanted)).await? {
        Ok(Some((media, content))) => Ok(download::file(&name, media, content)),
        Ok(None) => Err(Trouble::not_found(visit.language)),
        Err(error) => Err(Trouble::of(&error, visit.language)),
    }
}

/// Media type and content of the file of this name, if there is one.
fn content(floor: &Floor, name: &str) -> Result<Option<(&'static str, Vec<u8>)>, CannotShow> {
    let ca = |name| ca_material::ca(&floor.folder, name, clock::now());
    let list = || floor.store.read(ca_material::list);
    Ok(match name {
        "root.pem" => Some((download::PEM, ca("root")?.pem.into_bytes())),
        "issuing.pem" => Some((download::PEM, ca("issuing")?.pem.into_bytes())),
        "root.cer" => Some((CERTIFICATE, ca("root")?.der)),
        "issuing.cer" => Some((CERTIFICATE, ca("issuing")?.der)),
        "chain.pem" => {
            Some((download::PEM, format!("{}{}", ca("issuing")?.pem, ca("root")?.pem).into_bytes()))
        }
        "list.pem" => list()?.map(|list| (download::PEM, list.pem.into_bytes())),
        "list.crl" => list()?.map(|list| (LIST, list.der)),
        _ => before(floor, name)?,
    })
}

/// What renewals took out of use: `issuing-1.pem`, `root-1.cer`, and the list `crl-1.pem`.
fn before(floor: &Floor, name: &str) -> Result<Option<(&'static str, Vec<u8>)>, CannotShow> {
    let Some((stem, form)) = name.rsplit_once('.') else { return Ok(None) };
    if let Some(number) = stem.strip_prefix("crl-").filter(|_| form == "pem") {
        let list = number.parse().ok().and_then(|number| ca_material::list_before(&floor.folder, number));
        return Ok(list.map(|list| (download::PEM, list.into_bytes())));
    }
    if !ca_material::names_before(&floor.folder).iter().any(|known| known == stem) {
        return Ok(None);
    }
    let ca = ca_material::ca(&floor.folder, stem, clock::now())?;
    Ok(match form {
        "pem" => Some((download::PEM, ca.pem.into_bytes())),
        "cer" => Some((CERTIFICATE, ca.der)),
        _ => None,
    })
}
