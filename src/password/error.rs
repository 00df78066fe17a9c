use std::error::Error;
use std::fmt;

use crate::random::RandomError;

/// Why a password was not accepted, or a stored hash could not be used.
///
/// It never holds the password, the salt or the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    defect: Option<Defect>,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The password does not match, or there is no such user.
    Rejected,
    /// The stored text is damaged; [`VerifyError::defect`] names how. Not the user's fault: operators must see it.
    Malformed,
    /// The stored cost is above the policy's [`Ceilings`](super::Ceilings) or its memory budget.
    CostAboveCeiling,
    /// The stored text names a scheme or version that this policy does not read.
    UnknownScheme,
    /// Too many passwords are being hashed; nothing was checked. Answer "try again", not "wrong password"; it counts
    /// against nobody.
    Busy,
    /// Memory, the random source or the pepper's key is missing; nothing was checked.
    Unavailable,
}

/// What is wrong with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// Longer than any hash this crate reads.
    #[error("it is longer than any stored hash")]
    TooLong,
    /// Neither a PHC string nor another known shape.
    #[error("it has the shape of no known hash")]
    Shape,
    /// A PHC string of a scheme that is not read.
    #[error("its scheme is unknown")]
    SchemeUnknown,
    /// A version that is not read.
    #[error("its version is unknown")]
    VersionUnknown,
    /// A parameter of the scheme is missing; it is never assumed.
    #[error("a parameter is missing")]
    ParameterMissing,
    /// A parameter stands twice.
    #[error("a parameter is repeated")]
    ParameterRepeated,
    /// A parameter the scheme does not have.
    #[error("a parameter is unknown")]
    ParameterUnknown,
    /// A parameter is not a plain decimal number: empty, signed, or with leading zeros.
    #[error("a parameter is not a plain decimal number")]
    Number,
    /// Costs for which the scheme is not defined, such as zero passes or N = 1.
    #[error("the scheme is not defined for its costs")]
    CostUndefined,
    /// Costs above the policy's ceilings.
    #[error("its cost is above the ceiling")]
    CostAboveCeiling,
    /// There is no salt.
    #[error("its salt is missing")]
    SaltMissing,
    /// An Argon2 salt has fewer than 8 bytes.
    #[error("its salt is shorter than 8 bytes")]
    SaltTooShort,
    /// The salt has more than 64 bytes.
    #[error("its salt is longer than 64 bytes")]
    SaltTooLong,
    /// There is no hash.
    #[error("its hash is missing")]
    OutputMissing,
    /// The hash has fewer than 10 bytes: one in 2^80 guesses or more would match.
    #[error("its hash is shorter than 10 bytes")]
    OutputTooShort,
    /// The hash has more than 64 bytes.
    #[error("its hash is longer than 64 bytes")]
    OutputTooLong,
    /// Base64 with padding, which PHC strings do not have.
    #[error("its base64 is padded")]
    Padding,
    /// Not base64, or not in its one spelling.
    #[error("its base64 is not canonical")]
    Base64,
    /// Not hexadecimal.
    #[error("its hexadecimal is damaged")]
    Hexadecimal,
    /// More fields than its shape has.
    #[error("it has text after its hash")]
    TrailingField,
    /// Another program's mark for a user who has no password. No password matches: the answer is `Rejected`.
    #[error("its user has no password")]
    Unusable,
    /// The id of its pepper is damaged.
    #[error("the id of its pepper is damaged")]
    PepperId,
    /// The policy peppers, and does not accept rows without: whoever writes to the table could make them up.
    #[error("it is not peppered, and the policy does not accept_unpeppered()")]
    PepperMissing,
    /// The key of its pepper is not in the policy's ring, or the policy has none: the answer is `Unavailable`.
    #[error("the key of its pepper is not in the policy's ring")]
    PepperUnknown,
}

impl VerifyError {
    pub(super) const REJECTED: Self = Self { kind: VerifyErrorKind::Rejected, defect: None };

    /// What happened.
    pub const fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// What is wrong with the stored hash, when that is why.
    pub const fn defect(&self) -> Option<Defect> {
        self.defect
    }
}

impl From<Defect> for VerifyError {
    fn from(defect: Defect) -> Self {
        let kind = match defect {
            Defect::SchemeUnknown | Defect::VersionUnknown => VerifyErrorKind::UnknownScheme,
            Defect::CostAboveCeiling => VerifyErrorKind::CostAboveCeiling,
            Defect::Unusable => VerifyErrorKind::Rejected,
            Defect::PepperUnknown => VerifyErrorKind::Unavailable,
            _ => VerifyErrorKind::Malformed,
        };
        Self { kind, defect: Some(defect) }
    }
}

impl From<HashErrorKind> for VerifyError {
    fn from(kind: HashErrorKind) -> Self {
        let kind = match kind {
            HashErrorKind::TooLong => VerifyErrorKind::Rejected,
            HashErrorKind::Busy => VerifyErrorKind::Busy,
            HashErrorKind::Unavailable => VerifyErrorKind::Unavailable,
        };
        Self { kind, defect: None }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            VerifyErrorKind::Rejected => "the password does not match",
            VerifyErrorKind::Malformed => "the stored password hash is damaged",
            VerifyErrorKind::CostAboveCeiling => {
                "the stored password hash costs more than the policy's ceilings or budget allow"
            }
            VerifyErrorKind::UnknownScheme => {
                "the stored password hash is of a kind this policy does not read"
            }
            VerifyErrorKind::Busy => "too many passwords are being hashed, try again later",
            VerifyErrorKind::Unavailable => "what is needed to check the password is unavailable",
        })?;
        match (self.kind, self.defect) {
            (VerifyErrorKind::Malformed | VerifyErrorKind::Unavailable, Some(defect)) => {
                write!(f, ": {defect}")
            }
            _ => Ok(()),
        }
    }
}

impl Error for VerifyError {}

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind.description())]
pub struct HashError {
    pub(super) kind: HashErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashErrorKind {
    /// The password has more than [`MAX_PASSWORD_BYTES`](super::MAX_PASSWORD_BYTES).
    TooLong,
    /// Too many passwords are being hashed; try again later.
    Busy,
    /// Memory or the random source failed.
    Unavailable,
}

impl HashError {
    /// What happened.
    pub const fn kind(&self) -> HashErrorKind {
        self.kind
    }
}

impl HashErrorKind {
    const fn description(self) -> &'static str {
        match self {
            Self::TooLong => "the password is longer than 4096 bytes",
            Self::Busy => "too many passwords are being hashed, try again later",
            Self::Unavailable => "memory or the random source is unavailable",
        }
    }
}

impl From<HashErrorKind> for HashError {
    fn from(kind: HashErrorKind) -> Self {
        Self { kind }
    }
}

impl From<RandomError> for HashError {
    fn from(_: RandomError) -> Self {
        Self { kind: HashErrorKind::Unavailable }
    }
}

/// Why a policy cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind.description())]
pub struct BuildError {
    pub(super) kind: BuildErrorKind,
}

/// What to change in the builder's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// The scheme is not defined for these costs, such as zero passes or N = 1.
    CostUndefined,
    /// The scheme costs more than the policy's own ceilings or budget: its hashes could not be verified.
    CostAboveCeiling,
    /// The memory ceiling asked for is above the budget: such a row would wait for ever.
    CeilingAboveBudget,
    /// The budget allows no hash at all.
    EmptyBudget,
}

impl BuildError {
    /// What to change.
    pub const fn kind(&self) -> BuildErrorKind {
        self.kind
    }
}

impl BuildErrorKind {
    const fn description(self) -> &'static str {
        match self {
            Self::CostUndefined => {
                "the scheme is not defined for these costs: scrypt needs log_n, r and p of at least 1 and \
                 r × p below 2^30, argon2id needs at least 8 KiB a lane and 1 pass"
            }
            Self::CostAboveCeiling => {
                "the scheme costs more than this policy's ceilings or budget, raise them with ceilings() and budget()"
            }
            Self::CeilingAboveBudget => "the memory ceiling is above the budget, raise it with budget()",
            Self::EmptyBudget => "the budget allows no hash, give it at least one",
        }
    }
}

impl From<BuildErrorKind> for BuildError {
    fn from(kind: BuildErrorKind) -> Self {
        Self { kind }
    }
}
