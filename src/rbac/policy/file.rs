use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
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
#[derive(Clone, Debug, Default)]
pub struct PolicyFile(Entries);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entries {
    /// If it is there, all there are.
    #[serde(deserialize_with = "given")]
    permissions: Option<Vec<String>>,
    #[serde(deserialize_with = "unique")]
    roles: BTreeMap<String, ByName<RoleEntry>>,
    #[serde(deserialize_with = "unique")]
    subjects: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "unique")]
    tenants: BTreeMap<String, ByName<TenantEntry>>,
    exclusive: Vec<ByName<ExclusiveEntry>>,
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
    roles: BTreeMap<String, ByName<RoleEntry>>,
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
        let Self(entries) = self;
        // A file has its roles in one place: one that stands elsewhere alone is misspelt.
        let of_tenants = entries.tenants.values().flat_map(|ByName(entry)| entry.roles.keys());
        let mut builder = Policy::builder().only_roles(entries.roles.keys().chain(of_tenants));
        if let Some(permissions) = &entries.permissions {
            builder = builder.only_permissions(permissions);
        }
        for (role, ByName(entry)) in &entries.roles {
            builder = entry.allow.iter().fold(builder, |builder, permission| builder.allow(role, permission));
            builder = entry.deny.iter().fold(builder, |builder, permission| builder.deny(role, permission));
            builder = entry.inherits.iter().fold(builder, |builder, junior| builder.inherits(role, junior));
        }
        for (subject, roles) in &entries.subjects {
            builder = roles.iter().fold(builder, |builder, role| builder.assign(subject, role));
        }
        for (tenant, ByName(entry)) in &entries.tenants {
            builder = builder.tenant(tenant);
            for (role, ByName(entry)) in &entry.roles {
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
        for ByName(set) in &entries.exclusive {
            let roles: Vec<&str> = set.roles.iter().map(String::as_str).collect();
            builder = match set.when {
                WhenEntry::Assigned => builder.exclusive(&roles, set.at_most),
                WhenEntry::Active => builder.exclusive_when_active(&roles, set.at_most),
            };
        }
        for (role, required) in &entries.requires {
            builder = required.iter().fold(builder, |builder, one| builder.requires(role, one));
        }
        entries.at_most.iter().fold(builder, |builder, (role, &most)| builder.at_most(role, most))
    }

    /// The policy.
    ///
    /// # Errors
    /// A rule is wrong; the error names it.
    pub fn build(&self) -> Result<Policy, PolicyError> {
        self.builder().build()
    }
}

impl<'de> Deserialize<'de> for PolicyFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ByName::deserialize(deserializer).map(|ByName(entries)| Self(entries))
    }
}

/// What has names for its parts in every format: by their places alone, a denial could be read as a permission.
#[derive(Clone, Debug)]
struct ByName<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByName<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map with names of its parts")
            }

            fn visit_map<A: MapAccess<'de>>(self, parts: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(parts))
            }
        }

        deserializer.deserialize_map(Parts(PhantomData)).map(Self)
    }
}

/// What is there is a list: "nothing" in its place would open what the list closes.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
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
