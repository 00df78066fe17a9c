use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::ldh::Rule;
use super::mailbox::{self, invalid};
use super::{Email, Invalid, InvalidKind, deceptive};

valid_text! {
    /// An e-mail address as mail servers exchange them: also with quotes, or with an IP address for a domain.
    ///
    /// For what people type there is [`Email`].
    ///
    /// ```
    /// use palisade::validate::{Email, RfcEmail};
    ///
    /// let postmaster = Email::parse_rfc("postmaster@[192.0.2.1]")?;
    /// assert_eq!(postmaster.domain(), "[192.0.2.1]");
    /// // One address has one spelling: quotes and backslashes that change nothing are left out.
    /// assert_eq!(RfcEmail::parse(r#""ann\ lee"@Example.com"#)?.as_str(), r#""ann lee"@example.com"#);
    /// assert_eq!(RfcEmail::parse(r#""ann.lee"@example.com"#)?, Email::parse("ann.lee@example.com")?.into());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// The domain is in ASCII and small letters; what is before the `@` is not mapped. Comments and folded lines are part
    /// of a message's header, not of an address, and are refused, and so are the obsolete forms of RFC 5322.
    ///
    /// # Security
    /// What is in quotes may be anything that can be seen: blanks, slashes, quotes, `@`. Quote it again wherever it goes.
    /// Controls, invisible characters and full-width forms are refused, in quotes too. The domain may be a name of this
    /// network, or an address: where mail goes is for the mail server to limit.
    ///
    /// # Source
    /// RFC 5321 §4.1.2 and §4.1.3 (`Mailbox`), with RFC 6531 §3.3. Of address literals, those of IPv4 and IPv6.
    RfcEmail, at most 254 bytes
}

impl RfcEmail {
    /// What is before the `@`, in quotes if it needs them.
    pub fn local_part(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What is behind the `@`: a host name in ASCII, or an IP address in brackets.
    pub fn domain(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl From<Email> for RfcEmail {
    fn from(email: Email) -> Self {
        Self(Cow::Owned(email.into()))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    mailbox::check_length(text)?;
    let (local, domain) = if let Some(quoted) = text.strip_prefix('"') {
        let (local, domain) = unquote(quoted)?;
        (Cow::Owned(local), domain)
    } else {
        let (local, domain) = text.rsplit_once('@').ok_or(invalid(InvalidKind::Form, mailbox::FORM))?;
        mailbox::dot_atom(local, is_visible)?;
        (Cow::Borrowed(local), domain)
    };
    let before = text.len() - domain.len();
    let domain = match domain.strip_prefix('[') {
        Some(literal) => {
            Cow::Owned(address(literal).ok_or(invalid(InvalidKind::Form, LITERAL).at_byte(before))?)
        }
        None => mailbox::host(domain, Rule::Mail).map_err(|error| error.within(mailbox::SUBJECT, before))?,
    };
    mailbox::join(text, &local, &domain)
}

/// What is in quotes, in quotes if it needs them, and what is behind the `@`.
fn unquote(quoted: &str) -> Result<(String, &str), Invalid> {
    let mut content = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => {
                let domain = chars.as_str().strip_prefix('@');
                let domain = domain.ok_or(invalid(InvalidKind::Form, mailbox::FORM).at_byte(at + 2))?;
                return Ok((quote_if_needed(content), domain));
            }
            '\\' => match chars.next() {
                Some((_, escaped @ ' '..='~')) => content.push(escaped),
                _ => return Err(invalid(InvalidKind::Character, QUOTED).at_byte(at + 2)),
            },
            ' '..='~' => content.push(char),
            '\u{80}'.. if !deceptive::is_deceptive(char) => content.push(char),
            '\u{80}'.. => return Err(invalid(InvalidKind::Deceptive, QUOTED).at_byte(at + 1)),
            _ => return Err(invalid(InvalidKind::Character, QUOTED).at_byte(at + 1)),
        }
    }
    Err(invalid(InvalidKind::Form, "a second quote"))
}

fn quote_if_needed(content: String) -> String {
    if mailbox::dot_atom(&content, is_visible).is_ok() {
        return content;
    }
    format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
}

fn is_visible(char: char, _is_first: bool) -> bool {
    !deceptive::is_deceptive(char)
}

/// The IP address of a literal, and its brackets, in the one spelling it has.
fn address(literal: &str) -> Option<String> {
    let literal = literal.strip_suffix(']')?;
    match literal.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            Some(format!("[IPv6:{}]", address.parse::<Ipv6Addr>().ok()?))
        }
        _ => Some(format!("[{}]", literal.parse::<Ipv4Addr>().ok()?)),
    }
}

const QUOTED: &str =
    "visible characters and blanks in quotes, with a backslash before quotes and backslashes";
const LITERAL: &str = "an IPv4 address, or IPv6: and an IPv6 address, in brackets";
