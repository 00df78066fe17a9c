use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::ldh::Rule;
use super::mailbox::{self, invalid};
use super::{Invalid, InvalidKind, RfcEmail, idna};

valid_text! {
    /// An e-mail address as people type it into forms.
    ///
    /// ```
    /// use palisade::validate::Email;
    ///
    /// let email = Email::parse("Ann.Lee+news@Bücher.example")?;
    /// assert_eq!(email.as_str(), "Ann.Lee+news@xn--bcher-kva.example");
    /// assert_eq!((email.local_part(), email.domain()), ("Ann.Lee+news", "xn--bcher-kva.example"));
    /// for refused in ["ann@localhost", "ann@[127.0.0.1]", "\"ann\"@example.com", "ann@example.com (Ann)"] {
    ///     assert!(Email::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// Before the `@` it has at most 64 bytes of letters, digits and the signs of `atext`, with single dots between
    /// them, in any script; what is not ASCII is put in normalization form C. Behind it there is a
    /// [`Hostname`](super::Hostname) of at least two labels, a U-label as its A-label; the last label ends in a letter, as
    /// those of all top-level domains do. Quotes, comments, addresses in brackets and names of display belong to
    /// other protocols: [`parse_rfc`](Self::parse_rfc) reads what of them is an address.
    ///
    /// # Security
    /// That an address is valid does not make it its sender's: send a link to it and wait for it to be opened.
    /// Most providers take `Ann@` and `ann@` for one, some take `a.nn@` and `ann+x@` for it too; this type does not.
    /// A valid address may begin with a hyphen: hand it to no program as its first argument.
    /// Domains that RFC 6761 and its like reserve, as `.local` and `.test`, are refused, `.example` is not.
    ///
    /// # Source
    /// RFC 5321 §4.1.2 and §4.5.3.1, RFC 6531 §3.3, without what the text above leaves out.
    Email, at most 254 bytes
}

impl Email {
    /// Reads all that mail servers may exchange, quotes and addresses in brackets too.
    ///
    /// It is another type, so that what takes an [`Email`] never meets them.
    ///
    /// # Errors
    /// It is not valid; the error says what is expected and where, and does not repeat it.
    pub fn parse_rfc(text: &str) -> Result<RfcEmail, Invalid> {
        RfcEmail::parse(text)
    }

    /// What is before the `@`: known to the receiver alone.
    pub fn local_part(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What is behind the `@`: a host name in ASCII.
    pub fn domain(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    mailbox::check_length(text)?;
    let (local, domain) = text.rsplit_once('@').ok_or(invalid(InvalidKind::Form, mailbox::FORM))?;
    let before = local.len() + 1;
    let local = if local.is_ascii() { Cow::Borrowed(local) } else { Cow::Owned(local.nfc().collect()) };
    mailbox::dot_atom(&local, idna::is_word_char)?;
    let domain = public_host(domain).map_err(|error| error.within(mailbox::SUBJECT, before))?;
    mailbox::join(text, &local, &domain)
}

/// A name that the public DNS may have.
fn public_host(domain: &str) -> Result<Cow<'_, str>, Invalid> {
    let host = mailbox::host(domain, Rule::Host)?;
    let (_, top) = host.rsplit_once('.').ok_or(invalid(InvalidKind::Form, "a domain with a dot in it"))?;
    if !top.ends_with(|last: char| last.is_ascii_alphabetic()) && !top.starts_with(idna::PREFIX) {
        return Err(invalid(InvalidKind::Form, "a domain whose last label ends in a letter"));
    }
    if RESERVED.contains(&top) {
        return Err(invalid(InvalidKind::Reserved, "a domain that mail can be sent to"));
    }
    Ok(host)
}

/// Never in the public DNS, or not for mail. The registry of RFC 6761, but for `example`, which is what it is for;
/// `internal` is ICANN's.
const RESERVED: [&str; 8] = ["alt", "arpa", "internal", "invalid", "local", "localhost", "onion", "test"];
