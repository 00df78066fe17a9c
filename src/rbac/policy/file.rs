use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Policy, PolicyBuilder, PolicyError};

/// A policy as it stands in a file of JSON, TOML or any other format of serde.
///
/// ```
/// use palisade::rbac::PolicyFile;
///
/// let file: PolicyFile = serde_json::from_str(r#"{
///     "permissions": ["doc:read", "doc:write"],
///     "roles": {
///         "reader": { "allow": ["doc:read"] },
///         "editor": { "allow": ["doc:write"], "inherits": ["reader"] }
///     },
///     "subjects": { "ann": ["editor"] },
///     "tenants": { "ward-7": { "subjects": { "bob": ["reader"] } } },
///     "exclusive": [{ "roles": ["reader", "editor"], "at_most": 1, "when": "active" }]
/// }"#)?;
/// let policy = file.build()?;
/// assert!(policy.check("ann", "doc:read").is_ok());
/// assert!(policy.check_in("ward-7", "bob", "doc:read").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Every entry may be left out. `permissions`, if they are there, are all there are, so that a misspelt one is an error.
///
/// A word that is not one of a policy's is an error of the format's parser, which tells the line; a rule that is wrong is one
/// of [`build`](Self::build), which names the rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyFile {
    /// If it is there, all there are.
    permissions: Option<Vec<String>>,
    #[serde(deserialize_with = "unique")]
    roles: BTreeMap<String, RoleEntry>,
    #[serde(deserialize_with = "unique")]
    subjects: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "unique")]
    tenants: BTreeMap<String, TenantEntry>,
    exclusive: Vec<ExclusiveEntry>,
    #[serde(deserialize_with = "unique")]
    requires: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "unique")]
    at_most: BTreeMap<String, usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RoleEntry {
    allow: Vec<String>,
    deny: Vec<String>,
    inherits: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TenantEntry {
    #[serde(deserialize_with = "unique")]
    roles: BTreeMap<String, RoleEntry>,
    #[serde(deserialize_with = "unique")]
    subjects: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExclusiveEntry {
    roles: Vec<String>,
    at_most: usize,
    #[serde(default)]
    when: WhenEntry,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WhenEntry {
    #[default]
    Assigned,
    Active,
}

impl PolicyFile {
    /// The rules of the file, to which others can be added.
    pub fn builder(&self) -> PolicyBuilder {
        let mut builder = Policy::builder();
        if let Some(permissions) = &self.permissions {
            builder = builder.only_permissions(permissions);
        }
        for (role, entry) in &self.roles {
            builder = builder.role(role);
            builder = entry.allow.iter().fold(builder, |builder, permission| builder.allow(role, permission));
            builder = entry.deny.iter().fold(builder, |builder, permission| builder.deny(role, permission));
            builder = entry.inherits.iter().fold(builder, |builder, junior| builder.inherits(role, junior));
        }
        for (subject, roles) in &self.subjects {
            builder = roles.iter().fold(builder, |builder, role| builder.assign(subject, role));
        }
        for (tenant, entry) in &self.tenants {
            builder = builder.tenant(tenant);
            for (role, entry) in &entry.roles {
                builder = builder.role(role);
                let allow = entry.allow.iter();
                builder = allow.fold(builder, |builder, one| builder.allow_in(tenant, role, one));
                builder = entry.deny.iter().fold(builder, |builder, one| builder.deny_in(tenant, role, one));
                let inherits = entry.inherits.iter();
                builder = inherits.fold(builder, |builder, junior| builder.inherits_in(tenant, role, junior));
            }
            for (subject, roles) in &entry.subjects {
                builder =
                    roles.iter().fold(builder, |builder, role| builder.assign_in(tenant, subject, role));
            }
        }
        for set in &self.exclusive {
            let roles: Vec<&str> = set.roles.iter().map(String::as_str).collect();
            builder = match set.when {
                WhenEntry::Assigned => builder.exclusive(&roles, set.at_most),
                WhenEntry::Active => builder.exclusive_when_active(&roles, set.at_most),
            };
        }
        for (role, required) in &self.requires {
            builder = required.iter().fold(builder, |builder, one| builder.requires(role, one));
        }
        self.at_most.iter().fold(builder, |builder, (role, &most)| builder.at_most(role, most))
    }

    /// The policy.
    ///
    /// # Errors
    /// A rule is wrong; the error names it.
    pub fn build(&self) -> Result<Policy, PolicyError> {
        self.builder().build()
    }
}

/// A map in which no name stands twice: of two entries for one role, the first may hold the denial.
fn unique<'de, D, V>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Unique<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((name, value)) = entries.next_entry::<String, V>()? {
                if map.contains_key(&name) {
                    return Err(A::Error::custom(format_args!("the name {name:?} stands twice")));
                }
                map.insert(name, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}
