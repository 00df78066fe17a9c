use super::{Budget, Ceilings, Scheme};

/// What a [`Hasher`](super::Hasher) is configured with, as plain data that a configuration file can hold.
///
/// ```
/// use palisade::password::{Hasher, Policy, Scheme};
///
/// let policy = Policy { scheme: "argon2id(m=47104,t=1,p=1)".parse()?, ..Policy::default() };
/// assert_eq!(policy.scheme, Scheme::OWASP_ARGON2ID[0]);
/// let hasher = Hasher::builder().policy(policy).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Policy {
    /// What new passwords are hashed with, and what stored ones are held against.
    pub scheme: Scheme,
    /// The most that a stored hash may cost; the default when nothing is said.
    pub ceilings: Option<Ceilings>,
    /// A budget of its own; that of the process when nothing is said.
    pub budget: Option<Budget>,
}
