//! How soon a password is guessed by who knows words, sequences and repetitions.
//!
//! The cheapest way to write the password as a row of pieces is found; each piece has a price in bits. A character that
//! belongs to nothing costs the same whatever it is, so that no kind of character is asked for. It is the whole password
//! that is judged: a word in it does no harm where there is enough beside it.

use zeroize::Zeroizing;

use super::Refusal;

/// What is wrong with a folded password of which at least so many characters are asked for; `None` when it is not
/// guessed soon.
pub(super) fn refusal(folded: &str, least: usize, context: &[String]) -> Option<Refusal> {
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(folded.chars().collect());
    let beyond = u32::try_from(characters.len().saturating_sub(MAX_CHARS)).unwrap_or(u32::MAX);
    let seen = characters.get(..MAX_CHARS).unwrap_or(&characters);
    // As it is; without what stands between its characters; and as two rows whose characters take turns.
    let separator = seen.iter().find(|character| !character.is_alphanumeric());
    let joined: Zeroizing<Vec<char>> =
        Zeroizing::new(seen.iter().copied().filter(|character| Some(character) != separator).collect());
    let turns = |first: usize| seen.iter().copied().skip(first).step_by(2).collect::<Vec<char>>();
    let (odd, even) = (Zeroizing::new(turns(0)), Zeroizing::new(turns(1)));
    let (odd, even) = (split(&odd, context), split(&even, context));
    let best =
        [split(seen, context), split(&joined, context).dearer(TRICK), odd.dearer(even.bits).dearer(TRICK)];
    let best = best.into_iter().min_by_key(|price| price.bits)?;
    let enough = MOST.min(LEAST + u32::try_from(least.saturating_sub(8)).unwrap_or(MOST) * 10 / 7);
    let bits = best.bits.saturating_add(beyond.saturating_mul(CHARACTER));
    (bits < enough).then_some(best.reason.unwrap_or(Refusal::Repetitive))
}

/// The price of a password, and what kind of piece saved most of what its characters would have cost.
#[derive(Clone, Copy)]
struct Price {
    bits: u32,
    saved: u32,
    reason: Option<Refusal>,
}

impl Price {
    const NOTHING: Self = Self { bits: 0, saved: 0, reason: None };

    fn dearer(self, bits: u32) -> Self {
        Self { bits: self.bits.saturating_add(bits), ..self }
    }

    /// With one more piece of so many characters.
    fn and(self, (bits, reason): (u32, Option<Refusal>), characters: usize) -> Self {
        let saved =
            (u32::try_from(characters).unwrap_or(u32::MAX)).saturating_mul(CHARACTER).saturating_sub(bits);
        let sum = self.dearer(bits);
        if reason.is_some() && saved > self.saved { Self { saved, reason, ..sum } } else { sum }
    }
}

/// The cheapest row of pieces, by dynamic programming: the best for every beginning.
fn split(characters: &[char], context: &[String]) -> Price {
    let mut best = vec![Price::NOTHING];
    for end in 1..=characters.len() {
        let mut cheapest = Price { bits: u32::MAX, ..Price::NOTHING };
        for start in (end.saturating_sub(LONGEST)..end).rev() {
            let (Some(before), Some(piece)) = (best.get(start), characters.get(start..end)) else { continue };
            let passed = characters.get(..start).unwrap_or_default();
            let is_again = piece.len() >= 3 && passed.windows(piece.len()).any(|earlier| earlier == piece);
            let again = is_again.then_some((AGAIN, None));
            let prices = [price(piece, context), again];
            let Some(price) = prices.into_iter().flatten().min_by_key(|(bits, _)| *bits) else { continue };
            let total = before.and(price, piece.len());
            if total.bits < cheapest.bits {
                cheapest = total;
            }
        }
        best.push(cheapest);
    }
    best.last().copied().unwrap_or(Price::NOTHING)
}

/// What a piece costs, if it is one.
fn price(piece: &[char], context: &[String]) -> Option<(u32, Option<Refusal>)> {
    if piece.len() == 1 {
        return Some((CHARACTER, None));
    }
    if piece.len() >= 3 {
        if piece.windows(2).all(|pair| matches!(pair, [one, next] if one == next)) {
            return Some((RUN, Some(Refusal::Repetitive)));
        }
        if is_sequence(piece) {
            return Some((SEQUENCE, Some(Refusal::Sequence)));
        }
        let is_plain = |word: &String| word.chars().eq(piece.iter().copied());
        let is_masked = |word: &String| word.chars().eq(piece.iter().map(|character| unmask(*character)));
        if context.iter().any(|word| is_plain(word) || is_masked(word)) {
            return Some((CONTEXT, Some(Refusal::Context)));
        }
    }
    if let [century @ ('1' | '2'), decade @ ('9' | '0'), '0'..='9', '0'..='9'] = piece
        && matches!((century, decade), ('1', '9') | ('2', '0'))
    {
        return Some((YEAR, Some(Refusal::Common)));
    }
    #[cfg(feature = "blocklist")]
    {
        let is_word = |piece: &[char]| {
            (piece.len() >= 6
                || (piece.len() >= 4 && piece.iter().all(|character| character.is_alphabetic())))
                && super::blocklist::contains(piece)
        };
        if is_word(piece) {
            return Some((WORD, Some(Refusal::Common)));
        }
        let unmasked =
            Zeroizing::new(piece.iter().map(|character| unmask(*character)).collect::<Vec<char>>());
        if unmasked.as_slice() != piece
            && unmasked.iter().all(|character| character.is_alphabetic())
            && is_word(&unmasked)
        {
            return Some((WORD + TRICK, Some(Refusal::Common)));
        }
    }
    None
}

/// Neighbours in the alphabet, among the digits or on a keyboard's row, in one direction.
fn is_sequence(piece: &[char]) -> bool {
    let step = |pair: &[char]| match pair {
        [one, next] if one.is_alphanumeric() => i64::from(u32::from(*next)) - i64::from(u32::from(*one)),
        _ => 0,
    };
    let first = piece.get(..2).map_or(0, step);
    if first.abs() == 1 && piece.windows(2).all(|pair| step(pair) == first) {
        return true;
    }
    let on_keyboard =
        |piece: &[u8]| KEYBOARD.iter().any(|row| row.windows(piece.len()).any(|part| part == piece));
    let mut keys = [0; LONGEST];
    let Some(keys) = keys.get_mut(..piece.len()).filter(|_| piece.len() >= 4) else { return false };
    for (key, character) in keys.iter_mut().zip(piece) {
        let Ok(typed) = u8::try_from(*character) else { return false };
        *key = typed;
    }
    let forwards = on_keyboard(keys);
    keys.reverse();
    forwards || on_keyboard(keys)
}

/// The letter that a sign is often written for.
const fn unmask(character: char) -> char {
    match character {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// Rows of keys, American, German and French, and the columns; characters above 127 as in Latin-1.
const KEYBOARD: &[&[u8]] = &[
    b"1234567890",
    b"!@#$%^&*()_+",
    b"qwertyuiop",
    b"asdfghjkl",
    b"zxcvbnm",
    b"qwertzuiop\xfc",
    b"asdfghjkl\xf6\xe4",
    b"yxcvbnm",
    b"azertyuiop",
    b"qsdfghjklm",
    b"wxcvbn",
    b"1qaz2wsx3edc4rfv5tgb6yhn7ujm",
];

/// Bits under which a password is refused: what can be tried online in years, not in hours. Fewer where a second factor
/// stands beside it, and 8 characters are enough.
const LEAST: u32 = 25;
const MOST: u32 = 35;
const CHARACTER: u32 = 5;
#[cfg(feature = "blocklist")]
const WORD: u32 = 13;
const SEQUENCE: u32 = 8;
const RUN: u32 = 7;
const YEAR: u32 = 6;
const CONTEXT: u32 = 3;
/// What was there before.
const AGAIN: u32 = 4;
/// A way of writing that guessers know.
const TRICK: u32 = 2;
/// What is beyond only adds.
const MAX_CHARS: usize = 128;
/// The longest piece.
const LONGEST: usize = 32;
