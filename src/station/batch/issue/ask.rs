//! What is asked of a batch that issues, checked before anything is read.

use std::path::PathBuf;

use serde_json::json;

use super::recipients::Recipients;
use crate::ca::key::{self, BadKeyPair};
use crate::ca::profile::{BadProfile, Profile};
use crate::ca::public_key::KeyKind;
use crate::domain::name::Name;
use crate::domain::product::{Credential, KeyOrigin, Product};
use crate::station::batch::issue::failed::IssueFailed;
use crate::station::batch::table::{Column, Header};
use crate::station::folder::Folder;
use crate::station::products::{self, Recipe};
use crate::station::profiles;
use crate::store::runs::CredentialKind;

/// What is issued.
pub struct IssueAsk {
    /// The recipe, unless certificates are issued under a profile alone.
    pub recipe: Option<Recipe>,
    /// The certificate profile.
    pub profile: Profile,
    /// Its text.
    pub profile_text: String,
    /// The work order whose units are used; else one of exact size is opened.
    pub work_order: Option<Name>,
    /// What becomes of the keys.
    pub keys: Keys,
    /// Also a folder for each device, in this folder.
    pub folders: Option<PathBuf>,
    /// Also an archive.
    pub tar: Option<PathBuf>,
}

/// The member of what was asked for that says how many certificates a device gets; left out where it is one.
const COPIES: &str = "copies";

/// How many certificates each device of a batch gets, as its record says.
pub fn copies(asked: &serde_json::Value) -> u8 {
    asked[COPIES].as_u64().and_then(|copies| u8::try_from(copies).ok()).unwrap_or(1)
}

/// Whose keys they are, and what becomes of those the station makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// The devices': each row holds a request that proves its key.
    FromRequests,
    /// The station's, sealed to those who are to open them.
    Sealed(Recipients),
    /// The station's, in clear beside the certificates: asked for by name, on record.
    Clear,
}

impl Keys {
    /// Whether private keys lie in the output in clear.
    pub fn are_clear(&self) -> bool {
        match self {
            Keys::Clear => true,
            Keys::FromRequests | Keys::Sealed(_) => false,
        }
    }
}

/// The column of the request for the second key, where devices get two certificates. Elsewhere it means nothing.
pub const SECONDARY_CSR: &str = "secondary_csr";

/// Which requests a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestColumns {
    /// One for the key of each device.
    pub primary: bool,
    /// One for a second key.
    pub secondary: bool,
}

impl RequestColumns {
    /// Those of a table with this header.
    pub fn of(header: &Header) -> RequestColumns {
        let secondary = header.named(SECONDARY_CSR).is_some();
        RequestColumns { primary: header.place(Column::Csr).is_some(), secondary }
    }
}

/// Under which rules.
#[derive(Debug, Clone)]
pub enum Under {
    /// Those of a recipe and the profile it names.
    Product(Name),
    /// Those of a profile alone; the rows name the registration IDs.
    Profile(Name),
}

impl IssueAsk {
    /// From names, which must be those of a usable recipe or profile.
    pub fn new(
        folder: &Folder,
        under: &Under,
        work_order: Option<Name>,
        keys: Keys,
    ) -> Result<IssueAsk, IssueFailed> {
        let (recipe, profile) = match under {
            Under::Profile(profile) => (None, profile.clone()),
            Under::Product(name) => {
                let recipe = products::find(folder, name)?;
                let profile = match &recipe.product.credential {
                    Credential::X509 { key: KeyOrigin::OnDevice, .. } if keys != Keys::FromRequests => {
                        return Err(IssueFailed::KeysOnDevice(name.clone()));
                    }
                    Credential::X509 { profile, .. } => profile.clone(),
                    Credential::GroupKey { .. } => return Err(IssueFailed::NoCertificates(name.clone())),
                };
                (Some(recipe), profile)
            }
        };
        let profile_text = profiles::text(folder, &profile)?;
        let profile =
            Profile::parse(&profile_text).map_err(|fault: BadProfile| IssueFailed::Profile(fault))?;
        if keys != Keys::FromRequests {
            // said before anything is begun: no row of the batch could get its key
            key::preferred(profile.keys())?;
        }
        Ok(IssueAsk { recipe, profile, profile_text, work_order, keys, folders: None, tar: None })
    }

    /// The recipe's rules.
    pub fn product(&self) -> Option<&Product> {
        self.recipe.as_ref().map(|recipe| &recipe.product)
    }

    /// Whether each device gets a secondary certificate beside its primary one.
    pub fn is_two(&self) -> bool {
        self.product().is_some_and(|product| product.credential.is_two())
    }

    /// How many certificates each device gets: 1 or 2.
    pub fn copies(&self) -> u8 {
        1 + u8::from(self.is_two())
    }

    /// Refuses a table whose requests do not go with what is to become of the keys.
    pub fn fits(&self, columns: RequestColumns) -> Result<(), IssueFailed> {
        let second = self.product().filter(|_| self.is_two());
        match (columns.primary, &self.keys, second) {
            (true, Keys::FromRequests, Some(product)) if !columns.secondary => {
                Err(IssueFailed::TwoCertificates(product.name.clone()))
            }
            (false, _, Some(product)) if columns.secondary => {
                Err(IssueFailed::TwoCertificates(product.name.clone()))
            }
            (true, Keys::FromRequests, _) | (false, Keys::Sealed(_) | Keys::Clear, _) => Ok(()),
            (true, Keys::Sealed(_) | Keys::Clear, _) => Err(IssueFailed::KeysAndRequests),
            (false, Keys::FromRequests, _) => Err(IssueFailed::KeysNowhere),
        }
    }

    /// What the work order makes: the recipe, or what stands in its place.
    pub fn product_name(&self) -> &Name {
        self.product().map_or(self.profile.name(), |product| &product.name)
    }

    /// What the devices get.
    pub fn credential(&self) -> CredentialKind {
        let key = match self.keys {
            Keys::FromRequests => KeyOrigin::OnDevice,
            Keys::Sealed(_) | Keys::Clear => KeyOrigin::Station,
        };
        CredentialKind::X509 { key }
    }

    /// The kind of key the station makes: the first one the profile names that it makes at all.
    pub fn key_kind(&self) -> Result<KeyKind, BadKeyPair> {
        key::preferred(self.profile.keys())
    }

    /// For the records: all that makes a batch this one and no other.
    pub fn as_json(&self) -> serde_json::Value {
        let name = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let (keys, recipients) = match &self.keys {
            Keys::FromRequests => ("requests", Vec::new()),
            Keys::Sealed(recipients) => ("sealed", recipients.texts()),
            Keys::Clear => ("clear", Vec::new()),
        };
        let mut asked = json!({
            "product": self.product().map(|product| &product.name),
            "product_digest": self.product().map(|product| product.digest),
            "profile": self.profile.name(),
            "profile_digest": self.profile.digest(),
            "work_order": self.work_order,
            "keys": keys,
            "recipients": recipients,
            "folders": name(&self.folders),
            "tar": name(&self.tar),
        });
        if self.is_two() {
            asked[COPIES] = self.copies().into();
        }
        asked
    }
}
