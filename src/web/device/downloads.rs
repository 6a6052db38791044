//! What can be taken along of a device: its certificates, and the proof that its entries are in the audit log.

use actix_web::{HttpResponse, web};

use crate::domain::cert_serial::CertSerial;
use crate::station::authority::Reading;
use crate::station::device_file::{self, Form};
use crate::station::evidence;
use crate::store::audit::proof::ProofError;
use crate::store::certificates;
use crate::store::devices;
use crate::store::error::StoreError;
use crate::web::access::Visit;
use crate::web::download;
use crate::web::trouble::Trouble;

/// `GET /devices/{id}/certificates/{serial}/{form}`: `pem`, `der` or `chain`.
pub async fn certificate(
    visit: Visit<Reading>,
    path: web::Path<(u64, String, String)>,
) -> Result<HttpResponse, Trouble> {
    let (device, serial, form) = path.into_inner();
    let not_found = || Trouble::not_found(visit.language);
    let serial: CertSerial = serial.parse().map_err(|_| not_found())?;
    let (form, media, ending) = match form.as_str() {
        "pem" => (Form::Pem, download::PEM, "pem"),
        "der" => (Form::Der, download::DER, "cer"),
        "chain" => (Form::Chain, download::PEM, "chain.pem"),
        _ => return Err(not_found()),
    };
    let row = visit.read(move |r| certificates::get(r, &serial)).await?;
    let row = row.filter(|row| row.device == device).ok_or_else(not_found)?;
    let file = device_file::certificate_file(&visit.floor.folder, row, form)
        .map_err(|error| Trouble::of(&error, visit.language))?;
    Ok(download::file(&format!("{serial}.{ending}"), media, file))
}

/// `GET /devices/{id}/proof`: what `lineside audit prove` prints, with the verifier key beside it.
pub async fn proof(visit: Visit<Reading>, id: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    let (id, language) = (id.into_inner(), visit.language);
    let vkey = evidence::vkey(&visit.floor.folder).map_err(|error| Trouble::of(&error, language))?;
    let document = visit
        .read(move |r| match devices::get(r, id)? {
            None => Ok(None),
            Some(device) => match evidence::document(r, &device, vkey.as_deref()) {
                Err(ProofError::Store(error)) => Err(error),
                other => Ok::<_, StoreError>(Some(other)),
            },
        })
        .await?;
    let document = document.ok_or_else(|| Trouble::not_found(language))?;
    let document = document.map_err(|error| Trouble::of(&error, language))?;
    Ok(download::file(&format!("device-{id}-proof.json"), download::JSON, document.to_string()))
}
