use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::compare::{ConditionallySelectable, ConstantTimeEq};
use crate::secret::{HASH, erase, on_clean_stack};

/// The hash under a code's HMAC.
///
/// SHA-1 is what every authenticator reads; of the others, some take no notice and show codes that never match. What is known
/// against SHA-1, that texts of one hash can be found, says nothing against HMAC-SHA-1.
///
/// # Source
/// RFC 6238 §1.2; on HMAC-SHA-1, RFC 6194 §3.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA-1.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// As provisioning URIs write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Bytes of a hash.
    pub(super) const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The number that a code shows the last digits of: 31 bits. RFC 4226 §5.3.
    pub(super) fn truncated(self, secret: &[u8], counter: u64) -> u32 {
        on_clean_stack::<HASH, _>(|| match self {
            Self::Sha1 => truncated::<Hmac<Sha1>>(secret, counter),
            Self::Sha256 => truncated::<Hmac<Sha256>>(secret, counter),
            Self::Sha512 => truncated::<Hmac<Sha512>>(secret, counter),
        })
    }
}

fn truncated<M: Mac + KeyInit>(secret: &[u8], counter: u64) -> u32 {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&counter.to_be_bytes());
    let mut tag = mac.finalize().into_bytes();
    let offset = tag.last().map_or(0, |last| last & 0xf);
    // Four bytes at a place that the tag tells: all sixteen are read, as a processor's time tells where one was.
    let mut number = 0;
    for (at, four) in (0_u8..16).zip(tag.windows(4)) {
        let there = four.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        number.conditional_assign(&there, at.ct_eq(&offset));
    }
    erase(&mut tag);
    number & 0x7fff_ffff
}
