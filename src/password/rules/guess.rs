//! How soon a password is guessed by who knows words, sequences and repetitions.
//!
//! The cheapest way to write the password as a row of pieces is found; each piece has a price in bits. A character that
//! belongs to nothing costs the same whatever it is, so that no kind of character is asked for. It is the whole password
//! that is judged: a word in it does no harm where there is enough beside it.

use zeroize::Zeroizing;

use super::Refusal;

/// What is wrong with a folded password; `None` when it is not guessed soon.
pub(super) fn refusal(folded: &str, context: &[String]) -> Option<Refusal> {
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(folded.chars().take(MAX_CHARS).collect());
    let plain = cheapest(&characters, context);
    let unmasked =
        Zeroizing::new(characters.iter().map(|character| unmask(*character)).collect::<Vec<char>>());
    let seen_through = cheapest(&unmasked, context);
    let best = if seen_through.bits < plain.bits { seen_through } else { plain };
    (best.bits < ENOUGH).then_some(best.reason.unwrap_or(Refusal::Repetitive))
}

/// The price of a password, and the costliest kind of piece that made it cheap.
#[derive(Clone, Copy)]
struct Price {
    bits: u32,
    reason: Option<Refusal>,
}

fn cheapest(characters: &[char], context: &[String]) -> Price {
    let whole = split(characters, context);
    // A pattern that repeats is worth its first appearance.
    let period = (1..=characters.len() / 2).find(|period| {
        characters.iter().skip(*period).zip(characters).all(|(later, earlier)| later == earlier)
    });
    let Some(pattern) = period.and_then(|period| characters.get(..period)) else { return whole };
    let once = split(pattern, context);
    let repeated = Price { bits: once.bits + REPETITION, reason: once.reason.or(Some(Refusal::Repetitive)) };
    if repeated.bits < whole.bits { repeated } else { whole }
}

/// The cheapest row of pieces, by dynamic programming: the best for every beginning.
fn split(characters: &[char], context: &[String]) -> Price {
    let mut best = vec![Price { bits: 0, reason: None }];
    for end in 1..=characters.len() {
        let mut cheapest = Price { bits: u32::MAX, reason: None };
        for start in (end.saturating_sub(LONGEST)..end).rev() {
            let (Some(before), Some(piece)) = (best.get(start), characters.get(start..end)) else { continue };
            let Some((bits, reason)) = price(piece, context) else { continue };
            let total = before.bits.saturating_add(bits);
            if total < cheapest.bits {
                cheapest = Price { bits: total, reason: before.reason.or(reason) };
            }
        }
        best.push(cheapest);
    }
    best.last().copied().unwrap_or(Price { bits: 0, reason: None })
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
        if context.iter().any(|word| word.chars().eq(piece.iter().copied())) {
            return Some((CONTEXT, Some(Refusal::Context)));
        }
    }
    if let [century @ ('1' | '2'), decade @ ('9' | '0'), '0'..='9', '0'..='9'] = piece
        && matches!((century, decade), ('1', '9') | ('2', '0'))
    {
        return Some((YEAR, None));
    }
    #[cfg(feature = "blocklist")]
    if (piece.len() >= 6 || (piece.len() >= 4 && piece.iter().all(|character| character.is_alphabetic())))
        && super::blocklist::contains(piece)
    {
        return Some((WORD, Some(Refusal::Common)));
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

/// Bits under which a password is refused: what can be tried online in years, not in hours.
const ENOUGH: u32 = 35;
const CHARACTER: u32 = 5;
#[cfg(feature = "blocklist")]
const WORD: u32 = 13;
const SEQUENCE: u32 = 8;
const RUN: u32 = 7;
const YEAR: u32 = 7;
const CONTEXT: u32 = 3;
const REPETITION: u32 = 3;
/// What is beyond only adds.
const MAX_CHARS: usize = 128;
/// The longest piece.
const LONGEST: usize = 32;
