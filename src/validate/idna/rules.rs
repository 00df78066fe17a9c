use unicode_normalization::UnicodeNormalization;

use super::short::Short;
use super::traits::{Bidi, Form, Joining, Script, Traits};
use super::{Direction, invalid};
use crate::validate::{Invalid, InvalidKind};

/// Checks a U-label; the byte of an error is one of the label in UTF-8.
pub(super) fn check(label: &[char]) -> Result<Direction, Invalid> {
    let mut traits = Short::new(Traits::FILLER);
    for (index, char) in label.iter().enumerate() {
        let known = Traits::of(*char).and_then(|known| traits.push(known));
        known.ok_or_else(|| invalid(InvalidKind::Character, CHARACTERS).at_byte(bytes(label, index)))?;
    }
    if matches!(label, ['-', ..] | [.., '-'] | [_, _, '-', '-', ..]) {
        return Err(invalid(InvalidKind::Form, HYPHENS));
    }
    if traits.first().is_none_or(|first| matches!(first.form, Form::Mark | Form::Virama)) {
        return Err(invalid(InvalidKind::Form, "labels that begin with no combining mark").at_byte(0));
    }
    for (index, known) in traits.iter().enumerate() {
        if matches!(known.form, Form::Joiner | Form::InContext) && !is_in_context(label, &traits, index) {
            return Err(invalid(InvalidKind::Character, CONTEXT).at_byte(bytes(label, index)));
        }
    }
    let may_compose = |known: &Traits| matches!(known.form, Form::Mark | Form::Virama | Form::Composing);
    if traits.iter().any(may_compose) && !label.iter().copied().nfc().eq(label.iter().copied()) {
        return Err(invalid(InvalidKind::Form, "labels in Unicode's normalization form C"));
    }
    if !traits.iter().any(|known| matches!(known.bidi, Bidi::R | Bidi::Al | Bidi::An)) {
        return Ok(Direction::LeftToRight);
    }
    if !reads_one_way(&traits) {
        return Err(invalid(InvalidKind::Deceptive, BIDI));
    }
    Ok(Direction::RightToLeft)
}

/// RFC 5893 §2, for any label.
pub(super) fn is_bidi(label: &[char]) -> bool {
    let mut traits = Short::new(Traits::FILLER);
    label.iter().all(|char| Traits::of(*char).and_then(|known| traits.push(known)).is_some())
        && reads_one_way(&traits)
}

/// RFC 5892 appendix A.
fn is_in_context(label: &[char], traits: &[Traits], index: usize) -> bool {
    let before = index.checked_sub(1);
    let char_before = before.and_then(|before| label.get(before));
    let before = before.and_then(|before| traits.get(before));
    match label.get(index) {
        Some('\u{200c}') => {
            before.is_some_and(|before| before.form == Form::Virama) || is_between_joined(traits, index)
        }
        Some('\u{200d}') => before.is_some_and(|before| before.form == Form::Virama),
        Some('\u{b7}') => char_before == Some(&'l') && label.get(index + 1) == Some(&'l'),
        Some('\u{375}') => traits.get(index + 1).is_some_and(|after| after.script == Script::Greek),
        Some('\u{5f3}' | '\u{5f4}') => before.is_some_and(|before| before.script == Script::Hebrew),
        Some('\u{30fb}') => traits.iter().any(|known| known.script == Script::Japanese),
        Some('\u{660}'..='\u{669}') => !label.iter().any(|char| matches!(char, '\u{6f0}'..='\u{6f9}')),
        Some('\u{6f0}'..='\u{6f9}') => !label.iter().any(|char| matches!(char, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

/// Whether the letters around a non-joiner, marks aside, would join without it.
fn is_between_joined(traits: &[Traits], index: usize) -> bool {
    let Some((before, [_, after @ ..])) = traits.split_at_checked(index) else { return false };
    let joins = |known: &&Traits| known.joining != Joining::T;
    before.iter().rev().find(joins).is_some_and(|known| matches!(known.joining, Joining::L | Joining::D))
        && after.iter().find(joins).is_some_and(|known| matches!(known.joining, Joining::R | Joining::D))
}

/// RFC 5893 §2, its six conditions.
fn reads_one_way(traits: &[Traits]) -> bool {
    let has = |class| traits.iter().any(|known| known.bidi == class);
    let last = traits.iter().rev().map(|known| known.bidi).find(|class| *class != Bidi::Nsm);
    match traits.first().map(|first| first.bidi) {
        Some(Bidi::R | Bidi::Al) => {
            !has(Bidi::L)
                && matches!(last, Some(Bidi::R | Bidi::Al | Bidi::En | Bidi::An))
                && !(has(Bidi::En) && has(Bidi::An))
        }
        Some(Bidi::L) => {
            !(has(Bidi::R) || has(Bidi::Al) || has(Bidi::An)) && matches!(last, Some(Bidi::L | Bidi::En))
        }
        _ => false,
    }
}

/// Where a character begins in UTF-8.
fn bytes(label: &[char], index: usize) -> usize {
    label.iter().take(index).map(|char| char.len_utf8()).sum()
}

const CHARACTERS: &str = "small letters, digits, marks and hyphens that IDNA2008 allows";
const HYPHENS: &str = "no hyphen first or last in a label, nor both third and fourth";
const CONTEXT: &str = "joiners, middle dots and the like only where IDNA2008 has a use for them";
pub(super) const BIDI: &str = "labels that read in one direction, as RFC 5893 has it";
