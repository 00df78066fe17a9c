use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::origin::is_authority;
use super::{CspError, CspProblem};
use crate::encoding;
use crate::validate::DnsName;

/// Where a page may take something from: one entry of a [`Csp`](super::Csp)'s directive.
///
/// ```
/// use palisade::web::Source;
///
/// let cdn = Source::host("https://cdn.example/lib/")?;
/// let inline = Source::of_inline("start()"); // by its hash
/// assert!(Source::host("https://cdn.example; script-src *").is_err());
/// assert!(Source::host("'unsafe-inline'").is_err()); // a keyword is a constant
/// # Ok::<(), palisade::web::CspError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Stands for the nonce of each response.
    Nonce,
    Hash(String),
    Keyword(&'static str),
    Address(Cow<'static, str>),
}

impl Source {
    /// The page's own origin.
    pub const SELF: Self = Self(Form::Keyword("'self'"));
    /// What carries the response's [`Nonce`](super::Nonce).
    pub const NONCE: Self = Self(Form::Nonce);
    /// What a trusted script loads is trusted; hosts and schemes beside it are ignored. Only with a nonce or a hash.
    pub const STRICT_DYNAMIC: Self = Self(Form::Keyword("'strict-dynamic'"));
    /// Reports quote the first 40 characters of what was blocked.
    pub const REPORT_SAMPLE: Self = Self(Form::Keyword("'report-sample'"));
    /// WebAssembly may be compiled.
    pub const WASM_UNSAFE_EVAL: Self = Self(Form::Keyword("'wasm-unsafe-eval'"));
    /// Text may be run as a script: what an attacker gets into that text, runs.
    pub const UNSAFE_EVAL: Self = Self(Form::Keyword("'unsafe-eval'"));
    /// Whatever stands in the page runs, also what an attacker wrote there. Beside a nonce or a hash, browsers of today ignore it.
    pub const UNSAFE_INLINE: Self = Self(Form::Keyword("'unsafe-inline'"));
    /// Any host over TLS.
    pub const HTTPS: Self = Self(Form::Address(Cow::Borrowed("https:")));
    /// `data:` addresses. Among the sources of scripts they are as good as `UNSAFE_INLINE`.
    pub const DATA: Self = Self(Form::Address(Cow::Borrowed("data:")));
    /// `blob:` addresses, which scripts of the page make.
    pub const BLOB: Self = Self(Form::Address(Cow::Borrowed("blob:")));

    /// A host with its scheme (`https`, `wss`, `http` or `ws`), and perhaps a port and a path: `https://cdn.example/lib/`. The
    /// first label may be `*`.
    ///
    /// # Errors
    /// [`CspError`], for what is not spelt as browsers write it, and for IPv6 addresses and underscores, which policies do not
    /// know.
    pub fn host(text: &str) -> Result<Self, CspError> {
        if text.len() <= MAX_BYTES && is_host_source(text) {
            return Ok(Self(Form::Address(Cow::Owned(text.to_owned()))));
        }
        Err(CspProblem::Source.into())
    }

    /// The one inline script or style whose text is `text`, byte for byte, by its SHA-256.
    pub fn of_inline(text: &str) -> Self {
        Self(Form::Hash(encoding::base64_unpadded(&Sha256::digest(text.as_bytes()))))
    }

    /// How it is written in a policy; nothing when the response's nonce is not known.
    pub(super) fn render(&self, nonce: Option<&super::Nonce>) -> Option<Cow<'_, str>> {
        match &self.0 {
            Form::Nonce => nonce.map(|nonce| format!("'nonce-{nonce}'").into()),
            // 32 bytes leave one character of padding.
            Form::Hash(digest) => Some(format!("'sha256-{digest}='").into()),
            Form::Keyword(word) => Some((*word).into()),
            Form::Address(address) => Some(address.as_ref().into()),
        }
    }

    pub(super) const fn is_nonce(&self) -> bool {
        matches!(self.0, Form::Nonce)
    }

    /// Whether it names content, and not a place.
    pub(super) const fn names_content(&self) -> bool {
        matches!(self.0, Form::Nonce | Form::Hash(_))
    }

    /// Whether it means something where only places are told apart.
    pub(super) fn is_place(&self) -> bool {
        *self == Self::SELF || matches!(self.0, Form::Address(_))
    }
}

fn is_host_source(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let default = match scheme {
        "https" | "wss" => 443,
        "http" | "ws" => 80,
        _ => return false,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_host = match authority.strip_prefix("*.") {
        // `*.com` is no one's.
        Some(parent) => {
            let name = parent.split_once(':').map_or(parent, |(name, _)| name);
            name.contains('.') && DnsName::parse(name).is_ok() && is_authority(parent, default)
        }
        None => is_authority(authority, default),
    };
    // CSP 3 §2.3.1: hosts are of letters, digits and hyphens. Browsers pass over a source with another, and match nothing.
    is_host && !authority.contains(['[', '_']) && is_path(path)
}

/// Of an address: nothing that ends a source, a directive, a policy or a quoted string. RFC 3986 §3.3 without `;`, `,` and `'`.
pub(super) fn is_path(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&()*+=:@%".contains(&byte))
}

const MAX_BYTES: usize = 2048;
