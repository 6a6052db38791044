//! The values a template may name. It remembers whether a secret one was read, so that the file made from it
//! is treated as secret.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::Value;
use minijinja::value::Object;

use super::RenderContext;
use crate::domain::pair::Which;

pub(super) struct Variables {
    plain: BTreeMap<&'static str, Value>,
    secret: BTreeMap<&'static str, Value>,
    read: AtomicBool,
}

impl Variables {
    /// The values of one device; one that it does not have is undefined, which is an error where it is used.
    pub(super) fn of(context: &RenderContext) -> Variables {
        let RenderContext {
            registration_id,
            device_id,
            serial,
            mac,
            product,
            station,
            id_scope,
            global_endpoint,
            hub,
            key_paths,
            certificate_paths,
            device_key_path,
            certificates: _,
            issuing_ca,
            root_ca,
            device_key: _,
        } = context;
        let (chain, second_chain) = (context.chain(Which::Primary), context.chain(Which::Secondary));
        let key_path = |which| key_paths.as_ref().and_then(|paths| paths.get(which)).map(String::as_str);
        // a path without a second certificate would only mislead
        let second_path =
            certificate_paths.secondary.as_ref().filter(|_| key_path(Which::Secondary).is_some());
        let device_key = context.device_key_text();
        let private_key = |which| std::str::from_utf8(context.private_key(which)?.expose()).ok();
        let plain = [
            ("registration_id", Some(registration_id.as_str())),
            ("device_id", Some(device_id.as_str())),
            ("serial", Some(serial.as_str())),
            ("product", Some(product.as_str())),
            ("station", Some(station.as_str())),
            ("global_endpoint", Some(global_endpoint.as_str())),
            ("mac", mac.as_ref().map(ToString::to_string).as_deref()),
            ("id_scope", id_scope.as_deref()),
            ("hub", hub.as_deref()),
            ("key_path", key_path(Which::Primary)),
            ("secondary_key_path", key_path(Which::Secondary)),
            ("certificate_path", certificate_paths.primary.as_deref()),
            ("secondary_certificate_path", second_path.and_then(Option::as_deref)),
            ("device_key_path", device_key_path.as_deref()),
            ("certificate", context.certificate(Which::Primary)),
            ("secondary_certificate", context.certificate(Which::Secondary)),
            ("chain", chain.as_deref()),
            ("secondary_chain", second_chain.as_deref()),
            ("issuing_ca", issuing_ca.as_deref()),
            ("root_ca", root_ca.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, Value::from(value?))))
        .collect();
        let secret = [
            ("device_key", device_key.as_deref()),
            ("private_key", private_key(Which::Primary)),
            ("secondary_private_key", private_key(Which::Secondary)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, Value::from(value?))))
        .collect();
        Variables { plain, secret, read: AtomicBool::new(false) }
    }

    pub(super) fn secret_was_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device's values")
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if let Some(value) = self.secret.get(name) {
            self.read.store(true, Ordering::Relaxed);
            return Some(value.clone());
        }
        self.plain.get(name).cloned()
    }
}
