//! The forms in which a password may have been hashed.

#[cfg(feature = "bcrypt")]
use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
#[cfg(feature = "bcrypt")]
use zeroize::Zeroize;
use zeroize::Zeroizing;

use super::stored::TextForm;

/// A password as it was typed, and in Unicode's form NFC where that is another text.
pub(super) struct Forms<'a> {
    typed: &'a str,
    nfc: Option<Zeroizing<String>>,
}

impl<'a> Forms<'a> {
    pub(super) fn of(typed: &'a str) -> Self {
        let nfc = (is_nfc_quick(typed.chars()) != IsNormalized::Yes)
            .then(|| composed(typed.nfc(), typed, NFC_GROWTH));
        Self { typed, nfc: nfc.filter(|nfc| nfc.as_str() != typed) }
    }

    /// What new passwords are hashed in.
    pub(super) fn first(&self) -> &str {
        self.nfc.as_deref().map_or(self.typed, String::as_str)
    }

    /// How many hashes a password costs in every path.
    pub(super) fn count(&self) -> u32 {
        if self.nfc.is_some() { 2 } else { 1 }
    }

    /// The bytes that may have been hashed, with whether they are of [`first`](Self::first).
    pub(super) fn texts(&self, form: TextForm) -> Vec<(Zeroizing<Vec<u8>>, bool)> {
        let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        let usual = || {
            let typed = self.nfc.is_some().then_some((self.typed, false));
            [Some((self.first(), true)), typed].into_iter().flatten()
        };
        match form {
            TextForm::Usual => usual().map(|(text, is_first)| (bytes(text), is_first)).collect(),
            TextForm::Nfkc => vec![(bytes(&composed(self.typed.nfkc(), self.typed, NFKC_GROWTH)), true)],
            #[cfg(feature = "bcrypt")]
            TextForm::HexSha256 => usual()
                .map(|(text, is_first)| {
                    let mut digest = Sha256::digest(text.as_bytes());
                    let digits = Zeroizing::new(crate::encoding::hex(&digest));
                    digest.zeroize();
                    (bytes(&digits), is_first)
                })
                .collect(),
        }
    }
}

/// Collects into memory that never grows, so that no half-written copy stays behind.
fn composed(characters: impl Iterator<Item = char>, typed: &str, growth: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(growth)));
    text.extend(characters);
    text
}

/// How many times longer a text can become, in bytes of UTF-8. Unicode Standard Annex 15 §9.
const NFC_GROWTH: usize = 3;
const NFKC_GROWTH: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_whose_composed_form_differs_costs_two() {
        for (typed, count) in
            [("", 1), ("plain", 1), ("é", 1), ("e\u{301}", 2), ("ﬁ", 1), ("a\0b", 1), ("\u{212b}", 2)]
        {
            let forms = Forms::of(typed);
            assert_eq!(forms.count(), count, "{typed:?}");
            assert_eq!(forms.texts(TextForm::Usual).len(), count as usize);
        }
        assert_eq!(Forms::of("e\u{301}").first(), "é");
        assert_eq!(**Forms::of("ﬁ").texts(TextForm::Nfkc)[0].0, *b"fi");
    }

    #[test]
    fn no_text_outgrows_its_memory() {
        for character in (0..0x11_0000).filter_map(char::from_u32) {
            let text = character.to_string();
            assert!(
                text.nfc().map(char::len_utf8).sum::<usize>() <= text.len() * NFC_GROWTH,
                "{character:?}"
            );
            assert!(
                text.nfkc().map(char::len_utf8).sum::<usize>() <= text.len() * NFKC_GROWTH,
                "{character:?}"
            );
        }
    }
}
