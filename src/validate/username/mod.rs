mod ascii;
#[cfg(feature = "idn")]
mod scripts;

use std::borrow::Cow;

use super::Invalid;

#[cfg(feature = "idn")]
use scripts::canonical;

valid_text! {
    /// The name of an account: letters, digits and single `.`, `_` and `-` between them; two characters at least, one a letter.
    ///
    /// The letters are those of ASCII. Feature `idn` brings all scripts: then letters are of one script, or of those that
    /// Chinese, Japanese and Korean are written in together, with Latin; and an apostrophe may separate, too. The canonical form is
    /// NFC in lower case: `Ann` and `ann` are one account.
    ///
    /// ```
    /// use palisade::validate::Username;
    ///
    /// assert_eq!(Username::parse("Ann_42")?.as_str(), "ann_42");
    /// assert!(Username::parse("аnn").is_err()); // the first letter is Cyrillic
    /// assert!(Username::parse("faceb00k").is_err() && Username::parse("googIe").is_err());
    /// # #[cfg(feature = "idn")] {
    /// // With feature `idn`:
    /// assert_eq!(Username::parse("José")?.as_str(), "josé");
    /// assert!(Username::parse("田中タロウ").is_ok());
    /// assert!(Username::parse("ѕсоре").is_err()); // all are Cyrillic, and look like "scope"
    /// # }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// Names that show as another are refused where a rule can tell: `0` and `1` between letters read as `o` and `l`, and a
    /// capital `I` after a small letter as `l`. Which names are spoken for, such as `admin`, is for the application to say.
    ///
    /// Names of different scripts, or with different accents, may still look alike to somebody: keep their `skeleton` in a
    /// column that is unique, or take names by [`parse_ascii`](Self::parse_ascii). Letters that change under case folding in
    /// another way than to lower case, as ß, ı and ſ, are refused.
    ///
    /// # Source
    /// Unicode Technical Standard 39: General Security Profile §3.1, skeletons §4, ASCII-Only and Highly Restrictive §5.2, marks
    /// §5.4; the separators are of Unicode Standard Annex 31, table 3b.
    Username, at most 128 bytes
}

impl Username {
    /// A name in the letters of ASCII, of 64 bytes at most, whatever features the program has.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse_ascii(text: &str) -> Result<Self, Invalid> {
        ascii::canonical(text).map(|name| Self(Cow::Owned(name.into_owned())))
    }

    /// What names that look alike have in common; for comparing and for unique columns, not for showing.
    ///
    /// ```
    /// # use palisade::validate::Username;
    /// assert_eq!(Username::parse("modern")?.skeleton(), Username::parse("modem")?.skeleton());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// It changes with new editions of Unicode: compute the column again after an upgrade.
    #[cfg(feature = "idn")]
    pub fn skeleton(&self) -> String {
        unicode_security::skeleton(self.as_str()).collect()
    }
}

#[cfg(not(feature = "idn"))]
fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    ascii::canonical(text)
}
