//! What a store remembers of the settings of a workspace, as others read it.

use super::connectors::{CONNECTOR, FORMERLY};
use super::decode::percent;
use super::settings::{AppliedSettings, Deletes, Limits, MANAGES};
use crate::model::{Address, Zone};
use std::collections::BTreeMap;

impl AppliedSettings {
    /// The limits that were applied; the documented ones where nothing was said.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limits = self.0.get("limits");
        let get = |key: &str| limits.and_then(|l| l.get(key));
        let standard = Limits::default();
        let deletes = match get("max_deletes") {
            Some(serde_json::Value::String(s)) => percent(s).map_or(standard.max_deletes, Deletes::Share),
            Some(serde_json::Value::Number(n)) => n.as_u64().map_or(standard.max_deletes, Deletes::Count),
            _ => standard.max_deletes,
        };
        Limits {
            max_deletes: deletes,
            max_access_lost: get("max_access_lost").and_then(serde_json::Value::as_u64),
            allow_loosening: get("allow_loosening").and_then(serde_json::Value::as_bool).unwrap_or(true),
        }
    }

    /// Whether plan and apply needed an actor.
    #[must_use]
    pub fn requires_actor(&self) -> bool {
        self.0.get("workspace").and_then(|w| w.get("require_actor")).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// What was managed; `None`: everything.
    #[must_use]
    pub fn manages(&self) -> Option<Vec<Address>> {
        let list = self.0.get("workspace")?.get(MANAGES)?.as_array()?;
        Some(list.iter().filter_map(|v| Address::parse(v.as_str()?).ok()).collect())
    }

    /// Whether of several policies that admit somebody only those of the narrowest class are offered (R115).
    #[must_use]
    pub fn narrowest_only(&self) -> bool {
        self.0.get("workspace").and_then(|w| w.get("policy_priority")).and_then(serde_json::Value::as_str) == Some("entra")
    }

    /// Where each connector leads; whether a URL ends in `/` is nothing.
    #[must_use]
    pub fn connectors(&self) -> BTreeMap<&str, &str> {
        let all = self.0.get(CONNECTOR).and_then(serde_json::Value::as_object).into_iter().flatten();
        all.filter_map(|(name, said)| Some((name.as_str(), url(said, "url")?))).collect()
    }

    /// Where a connector led, and nobody has to leave anything.
    #[must_use]
    pub fn formerly(&self, connector: &str) -> Option<&str> {
        url(self.0.get(CONNECTOR)?.get(connector)?, FORMERLY)
    }

    /// The zone that was applied.
    #[must_use]
    pub fn zone(&self) -> Zone {
        let name = self.0.get("workspace").and_then(|w| w.get("timezone")).and_then(serde_json::Value::as_str);
        name.and_then(Zone::parse).unwrap_or(Zone::UTC)
    }
}

fn url<'s>(said: &'s serde_json::Value, key: &str) -> Option<&'s str> {
    Some(said.get(key)?.as_str()?.trim_end_matches('/'))
}
