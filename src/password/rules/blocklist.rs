//! Words that are guessed first: the first five bytes of each one's SHA-256, sorted.
//!
//! Made by `blocklist.py` from the frequency lists of zxcvbn: passwords, English words, names, words of film and
//! television; those of at least four characters, in lower case. A word that is on the list is always found; another is
//! taken for one of it once in ten million.

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

pub(super) fn contains(word: &[char]) -> bool {
    let text = Zeroizing::new(word.iter().collect::<String>());
    let mut digest = Sha256::digest(text.as_bytes());
    let (entries, _) = ENTRIES.as_chunks::<WIDTH>();
    let is_listed = digest.first_chunk::<WIDTH>().is_some_and(|start| entries.binary_search(start).is_ok());
    digest.zeroize();
    is_listed
}

static ENTRIES: &[u8] = include_bytes!("blocklist.bin");
const WIDTH: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_small_and_holds_the_best_known() {
        let (entries, rest) = ENTRIES.as_chunks::<WIDTH>();
        assert!(rest.is_empty() && entries.is_sorted() && entries.len() > 80_000);
        assert!(ENTRIES.len() <= 600 * 1024);
        for word in [
            "password", "123456", "qwerty", "iloveyou", "letmein", "dragon", "monkey", "jennifer", "smith",
            "horse",
        ] {
            assert!(contains(&word.chars().collect::<Vec<char>>()), "{word}");
        }
        assert!(!contains(&"xkqjvzwpt".chars().collect::<Vec<char>>()));
    }
}
