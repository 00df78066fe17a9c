use super::table::{KINDS, RUNS};

/// What the rules for labels ask of a character that may stand in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) form: Form,
    pub(super) bidi: Bidi,
    pub(super) joining: Joining,
    pub(super) script: Script,
}

/// Where a character may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anywhere.
    Letter,
    /// Anywhere, and it may be one with the character before it: such labels are asked for NFC.
    Composing,
    /// Not first: a combining mark.
    Mark,
    /// A mark after which joiners are meant to be.
    Virama,
    /// CONTEXTJ.
    Joiner,
    /// CONTEXTO.
    InContext,
}

/// Bidirectional class; those that no label may have are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bidi {
    L,
    R,
    Al,
    An,
    En,
    Es,
    On,
    Bn,
    Nsm,
}

/// How a character joins its neighbours in cursive scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// On both sides.
    D,
    /// To what follows.
    L,
    /// To what is before.
    R,
    /// Looked through.
    T,
    /// Not at all.
    U,
}

/// The scripts that contextual rules name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Greek,
    Hebrew,
    /// Hiragana, Katakana or Han.
    Japanese,
    Other,
}

impl Traits {
    /// Stands where nothing does yet.
    pub(super) const FILLER: Self = Self::new(Form::Letter, Bidi::On, Joining::U, Script::Other);

    pub(super) const fn new(form: Form, bidi: Bidi, joining: Joining, script: Script) -> Self {
        Self { form, bidi, joining, script }
    }

    /// `None` for what no label may have: DISALLOWED and UNASSIGNED.
    pub(super) fn of(char: char) -> Option<Self> {
        let after = RUNS.partition_point(|run| run >> 8 <= u32::from(char));
        let kind = RUNS.get(after.checked_sub(1)?)? & 0xff;
        KINDS.get(usize::try_from(kind).ok()?.checked_sub(1)?).copied()
    }
}
