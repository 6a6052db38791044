//! Tables of other clouds and makers: nRF Cloud's onboarding file, values of ESP-IDF's manufacturing utility, the
//! nodes of ESP RainMaker, and lines of a bulk registration of AWS IoT.

use super::cells;
use super::column::Kept;
use super::failed::{ExportFailed, NotWritten};
use super::scribe::{Identity, Plan, Written};
use crate::ca::certificate::pem_into;
use crate::store::export::found::Found;

/// The mark between two tags and two kinds of firmware.
const MARK: char = '|';
/// The kinds of firmware that an nRF device takes over the air.
const FIRMWARE: &str = "APP|MODEM";

/// What the manufacturing utility of ESP-IDF is told about the columns of the values: keys have at most 15 characters.
pub const ESP_CONFIG: &str = "lineside,namespace,\n\
                              serial,data,string\n\
                              mac,data,string\n\
                              reg_id,data,string\n\
                              device_id,data,string\n\
                              client_cert,data,string\n";

/// The values of the columns that become tags; a value that would run into the next one is a reason not to write.
fn tags(
    plan: &Plan<'_>,
    found: &Found<'_>,
    kept: &Kept,
    serial: &str,
) -> Result<Result<Vec<String>, NotWritten>, ExportFailed> {
    let mut values = Vec::with_capacity(plan.tags.len());
    for column in plan.tags {
        let value = column.cell(found, kept)?.text();
        if value.contains([MARK, '\n', '\r']) {
            return Ok(Err(NotWritten::Tag { serial: serial.to_owned(), value }));
        }
        values.push(value);
    }
    Ok(Ok(values))
}

/// `deviceId,subType,tags,fwTypes,"PEM"`, without a header.
pub fn nrf_row(
    plan: &Plan<'_>,
    found: &Found<'_>,
    kept: &Kept,
    identity: &Identity<'_>,
    der: &[u8],
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let tags = match tags(plan, found, kept, identity.serial)? {
        Ok(tags) => tags.join("|"),
        Err(why) => return Ok(Written::Not(why)),
    };
    for text in [identity.device_id, found.product()?.unwrap_or_default(), tags.as_str(), FIRMWARE] {
        cells::quoted(out, text.as_bytes());
        out.push(b',');
    }
    certificate(out, der);
    out.push(b'\n');
    Ok(Written::Row)
}

/// `id,serial,mac,reg_id,device_id,client_cert`.
pub fn esp_row(
    found: &Found<'_>,
    identity: &Identity<'_>,
    der: &[u8],
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    cells::number(out, identity.id);
    let mac = found.mac()?.unwrap_or_default();
    for text in [identity.serial, mac, identity.registration_id, identity.device_id] {
        out.push(b',');
        cells::quoted(out, text.as_bytes());
    }
    out.push(b',');
    certificate(out, der);
    out.push(b'\n');
    Ok(Written::Row)
}

/// `node_id,certs` and the columns that tags may name.
pub fn rainmaker_row(
    plan: &Plan<'_>,
    found: &Found<'_>,
    kept: &Kept,
    identity: &Identity<'_>,
    der: &[u8],
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let tags = match tags(plan, found, kept, identity.serial)? {
        Ok(tags) => tags,
        Err(why) => return Ok(Written::Not(why)),
    };
    cells::quoted(out, identity.device_id.as_bytes());
    out.push(b',');
    certificate(out, der);
    for tag in tags {
        out.push(b',');
        cells::quoted(out, tag.as_bytes());
    }
    out.push(b'\n');
    Ok(Written::Row)
}

/// An object whose members are the parameters of the customer's provisioning template.
pub fn aws_line(
    plan: &Plan<'_>,
    found: &Found<'_>,
    kept: &Kept,
    identity: &Identity<'_>,
    der: &[u8],
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let tags = match tags(plan, found, kept, identity.serial)? {
        Ok(tags) => tags,
        Err(why) => return Ok(Written::Not(why)),
    };
    out.extend_from_slice(b"{\"ThingName\":");
    cells::json(out, identity.device_id)?;
    out.extend_from_slice(b",\"SerialNumber\":");
    cells::json(out, identity.serial)?;
    for (column, value) in plan.tags.iter().zip(tags) {
        out.push(b',');
        cells::json(out, column.as_str())?;
        out.push(b':');
        cells::json(out, &value)?;
    }
    out.extend_from_slice(b",\"CertificatePem\":\"");
    pem_into(der, b"\\n", out);
    out.extend_from_slice(b"\",\"CACertificatePem\":\"");
    out.extend_from_slice(plan.cas.behind(der).map_or("", |issuing| &issuing.escaped).as_bytes());
    out.extend_from_slice(b"\"}\n");
    Ok(Written::Row)
}

fn certificate(out: &mut Vec<u8>, der: &[u8]) {
    out.push(b'"');
    pem_into(der, b"\n", out);
    out.push(b'"');
}
