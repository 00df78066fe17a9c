use std::fmt;

/// What was found: every kind can be switched off, counted and masked by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A value under a sensitive name: `db_password=…`, `"apiKey": "…"`, `--token …`, `<secret>…</secret>`.
    Key,
    /// The credentials of an `Authorization` header, or behind `Bearer` and `Basic`.
    Authorization,
    /// A value of a `Cookie` or `Set-Cookie` header.
    Cookie,
    /// The password in a URL, or a token in its place.
    Userinfo,
    /// A private key in PEM armour.
    PrivateKey,
    /// A JSON Web Token.
    Jwt,
    /// A token in a provider's published format.
    Provider,
    /// A secret that was registered, in any of its encodings.
    Registered,
    /// A match of an application's own rule.
    Rule,
    /// A second appearance of what was found elsewhere in the same event.
    Repeated,
    /// What was too long to be looked at.
    Unscanned,
    /// An e-mail address.
    Email,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// A social security number of the United States.
    Ssn,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A MAC address.
    Mac,
    /// A telephone number.
    Phone,
}

impl Kind {
    /// Every kind, in the order of the enumeration.
    pub const ALL: [Self; 18] = [
        Self::Key,
        Self::Authorization,
        Self::Cookie,
        Self::Userinfo,
        Self::PrivateKey,
        Self::Jwt,
        Self::Provider,
        Self::Registered,
        Self::Rule,
        Self::Repeated,
        Self::Unscanned,
        Self::Email,
        Self::Card,
        Self::Iban,
        Self::Ssn,
        Self::Ip,
        Self::Mac,
        Self::Phone,
    ];

    /// Its name in lower case, as masks and reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
            Self::Userinfo => "userinfo",
            Self::PrivateKey => "private-key",
            Self::Jwt => "jwt",
            Self::Provider => "provider",
            Self::Registered => "registered",
            Self::Rule => "rule",
            Self::Repeated => "repeated",
            Self::Unscanned => "unscanned",
            Self::Email => "email",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Ssn => "ssn",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Phone => "phone",
        }
    }

    /// Whether this is personal data, which is looked for on request only.
    pub fn is_personal(self) -> bool {
        self >= Self::Email
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which kinds are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u32);

impl Kinds {
    /// Every secret, and no personal data.
    pub(super) fn secrets() -> Self {
        Kind::ALL
            .iter()
            .filter(|kind| !kind.is_personal())
            .fold(Self(0), |kinds, &kind| kinds.with(kind, true))
    }

    pub(super) fn with(self, kind: Kind, wanted: bool) -> Self {
        let bit = 1 << kind.index();
        Self(if wanted { self.0 | bit } else { self.0 & !bit })
    }

    pub(super) fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind.index() != 0
    }

    pub(super) fn any_personal(self) -> bool {
        self.0 >> Kind::Email.index() != 0
    }
}
