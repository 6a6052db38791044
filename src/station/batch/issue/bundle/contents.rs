//! What lies in a device's folder: certificate, chain, the key if the station made it, the same of a secondary
//! certificate, and the files of the recipe as the line would write them. Whatever holds the key is sealed, unless keys leave in clear.

use crate::ca::certificate::pem_of;
use crate::device::render::template_set::TemplateSet;
use crate::device::render::{self, Certified, RenderContext, RenderError, Rendered};
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{DeviceIdentity, InjectFile, Product};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;
use crate::station::batch::issue::bundle::BundleError;
use crate::station::batch::issue::recipients::Recipients;

/// The longest name of a recipe's file here: with `.age` behind it, it fits an archive.
pub const LONGEST_NAME: usize = 96;

/// The files of a certificate that are ours.
struct Own {
    certificate: &'static str,
    chain: &'static str,
    key: &'static str,
}

const PRIMARY: Own = Own { certificate: "certificate.pem", chain: "chain.pem", key: "key.pem" };
const SECONDARY: Own =
    Own { certificate: "secondary-certificate.pem", chain: "secondary-chain.pem", key: "secondary-key.pem" };

impl Own {
    fn of(which: Which) -> &'static Own {
        match which {
            Which::Primary => &PRIMARY,
            Which::Secondary => &SECONDARY,
        }
    }
}

/// A certificate with its key.
#[derive(Clone, Copy)]
pub struct BundleCertificate<'a> {
    /// The certificate, DER.
    pub der: &'a [u8],
    /// Its private key as PKCS#8 PEM, if the station made it.
    pub private_key: Option<&'a Secret>,
}

/// A device of a batch.
#[derive(Clone, Copy)]
pub struct BundleDevice<'a> {
    /// Who it is at DPS and at the hub.
    pub identity: &'a DeviceIdentity,
    /// Its serial number.
    pub serial: &'a SerialNumber,
    /// Its MAC address.
    pub mac: Option<&'a MacAddress>,
    /// Its certificate, or both.
    pub certificates: Pair<BundleCertificate<'a>>,
    /// The first second the certificate is valid in.
    pub not_before: UtcTime,
}

/// One file of a device.
pub struct BundleFile {
    /// Its name, without folders.
    pub name: String,
    /// Its bytes, as they leave.
    pub content: Secret,
}

/// All files of a device.
pub struct DeviceFiles {
    /// Whose they are; the name of their folder.
    pub registration_id: RegistrationId,
    /// The time they bear in an archive.
    pub not_before: UtcTime,
    /// The files, each with a name of its own.
    pub files: Vec<BundleFile>,
}

/// What the station adds to the files of a recipe.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The station's name.
    pub station: Name,
    /// ID scope of the DPS, if the settings name one.
    pub id_scope: Option<String>,
    /// The DPS device endpoint.
    pub global_endpoint: String,
    /// The issuing CA's certificate, PEM.
    pub issuing_pem: String,
    /// The root's certificate, PEM.
    pub root_pem: String,
    /// Where templates come from.
    pub templates: TemplateSet,
}

/// Makes the files of devices; many threads may ask it at once.
pub struct Contents {
    around: Surroundings,
    product: Option<Product>,
    /// The recipe's files that are not ours under the same name.
    planned: Vec<(String, InjectFile)>,
    recipients: Option<Recipients>,
}

impl Contents {
    /// What devices of this recipe get; without one only certificate, chain and key. Keys, and files that hold one, are
    /// sealed to the recipients, or lie there in clear if there are none.
    ///
    /// # Errors
    /// [`BundleError::Names`] if two files would have one name.
    pub fn new(
        around: Surroundings,
        product: Option<Product>,
        recipients: Option<Recipients>,
    ) -> Result<Contents, BundleError> {
        let two = product.as_ref().is_some_and(|product| product.credential.is_two());
        let planned = plan(product.as_ref().map_or(&[], |product| &product.inject), two)?;
        Ok(Contents { around, product, planned, recipients })
    }

    /// Fills the recipe's files for a device that has no certificate yet, with stand-ins for certificate and key, and
    /// throws them away: a template that cannot be filled must cost no certificate.
    pub fn rehearse(
        &self,
        identity: &DeviceIdentity,
        serial: &SerialNumber,
        mac: Option<&MacAddress>,
        stand_in: Option<&Secret>,
    ) -> Result<(), BundleError> {
        let two = self.product.as_ref().is_some_and(|product| product.credential.is_two());
        let one = BundleCertificate { der: &[], private_key: stand_in };
        let certificates = Pair { primary: one, secondary: two.then_some(one) };
        let device =
            BundleDevice { identity, serial, mac, certificates, not_before: UtcTime::from_millis(0) };
        let rehearsed = |around: &Surroundings| {
            let certificates = certificates.map(|_, _| around.issuing_pem.clone());
            self.rendered(around, &device, certificates).map(|_| ())
        };
        let Err(fault) = rehearsed(&self.around) else { return Ok(()) };
        if self.around.id_scope.is_none() {
            let scoped = Surroundings { id_scope: Some("0ne".to_owned()), ..self.around.clone() };
            if rehearsed(&scoped).is_ok() {
                return Err(BundleError::NoIdScope);
            }
        }
        Err(fault.into())
    }

    /// The files of a device.
    pub fn of(&self, device: &BundleDevice<'_>) -> Result<DeviceFiles, BundleError> {
        let mut files = Vec::new();
        let certificates = device.certificates.try_map(|which, one| {
            let (own, certificate) = (Own::of(which), pem_of(one.der));
            let chain = format!("{certificate}{}\n", self.around.issuing_pem.trim_end());
            let open = |name: &str, text| BundleFile { name: name.to_owned(), content: Secret::from(text) };
            files.push(open(own.certificate, certificate.clone()));
            files.push(open(own.chain, chain));
            if let Some(key) = one.private_key {
                files.push(self.guarded(own.key, key.duplicate())?);
            }
            Ok::<_, BundleError>(certificate)
        })?;
        files.extend(self.recipe_files(&self.around, device, certificates)?);
        Ok(DeviceFiles {
            registration_id: device.identity.registration_id.clone(),
            not_before: device.not_before,
            files,
        })
    }

    fn recipe_files(
        &self,
        around: &Surroundings,
        device: &BundleDevice<'_>,
        certificates: Pair<String>,
    ) -> Result<Vec<BundleFile>, BundleError> {
        let rendered = self.rendered(around, device, certificates)?;
        let files = rendered.into_iter().map(|(name, Rendered { content, secret, .. })| match secret {
            true => self.guarded(name, content),
            false => Ok(BundleFile { name: name.to_owned(), content }),
        });
        files.collect()
    }

    fn rendered(
        &self,
        around: &Surroundings,
        device: &BundleDevice<'_>,
        certificates: Pair<String>,
    ) -> Result<Vec<(&str, Rendered)>, RenderError> {
        let Some(product) = &self.product else { return Ok(Vec::new()) };
        let BundleDevice { identity, serial, mac, .. } = *device;
        let private_key = |which| device.certificates.get(which).and_then(|one| one.private_key);
        let mut context = RenderContext::new(product, identity, serial, mac, &around.station);
        context.id_scope = around.id_scope.clone();
        context.global_endpoint = around.global_endpoint.clone();
        context.issuing_ca = Some(around.issuing_pem.clone());
        context.root_ca = Some(around.root_pem.clone());
        context.certificates = Some(certificates.map(|which, certificate| Certified {
            certificate,
            private_key_pem: private_key(which).map(Secret::duplicate),
        }));
        // a device that made its key has it
        let lacks = |which, file: &InjectFile| {
            file.template == render::private_key(which) && private_key(which).is_none()
        };
        let files = self
            .planned
            .iter()
            .filter(|(_, file)| !lacks(Which::Primary, file) && !lacks(Which::Secondary, file));
        files
            .map(|(name, file)| Ok((name.as_str(), render::render(file, &context, &around.templates)?)))
            .collect()
    }

    fn guarded(&self, name: &str, content: Secret) -> Result<BundleFile, BundleError> {
        Ok(match &self.recipients {
            None => BundleFile { name: name.to_owned(), content },
            Some(recipients) => {
                BundleFile { name: format!("{name}.age"), content: Secret::new(recipients.seal(&content)?) }
            }
        })
    }
}

/// Gives the recipe's files their names here: those they have on the device, without folders. What is ours under the
/// very name is left to us.
fn plan(inject: &[InjectFile], two: bool) -> Result<Vec<(String, InjectFile)>, BundleError> {
    let mut ours =
        vec![(PRIMARY.certificate, "certificate"), (PRIMARY.chain, "chain"), (PRIMARY.key, "private-key")];
    if two {
        ours.extend([
            (SECONDARY.certificate, "secondary-certificate"),
            (SECONDARY.chain, "secondary-chain"),
            (SECONDARY.key, "secondary-private-key"),
        ]);
    }
    let mut planned: Vec<(String, InjectFile)> = Vec::with_capacity(inject.len());
    for file in inject {
        let refused = |why| Err(BundleError::Names { path: file.path.clone(), why });
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if ours.contains(&(name, file.template.as_str())) {
            continue;
        }
        if matches!(name, "" | "." | "..") || name.contains(['\\', '\0']) {
            return refused("it has no file name");
        }
        if name.len() > LONGEST_NAME {
            return refused("its name is too long");
        }
        // whether a file is sealed is known when it is made, so each name stands for both
        let folded = |name: &str| name.to_lowercase().trim_end_matches(".age").to_owned();
        let mut others =
            ours.iter().map(|(name, _)| *name).chain(planned.iter().map(|(name, _)| name.as_str()));
        if others.any(|other| folded(other) == folded(name)) {
            return refused("another file has this name");
        }
        planned.push((name.to_owned(), file.clone()));
    }
    Ok(planned)
}
