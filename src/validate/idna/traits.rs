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
        let code = u32::from(char);
        let block = usize::try_from(code >> 8).ok()?;
        let (first, last) = (*BLOCKS.get(block)?, *BLOCKS.get(block + 1)?);
        let runs = RUNS.get(usize::from(first)..=usize::from(last))?;
        let run = runs.get(runs.partition_point(|run| run >> 8 <= code).checked_sub(1)?)?;
        KINDS.get(usize::try_from(run & 0xff).ok()?.checked_sub(1)?).copied()
    }
}

/// For each 256 characters, which of [`RUNS`] the first of them is in: a search is among those of one block, not among all.
static BLOCKS: [u16; BLOCKS_LEN] = {
    let mut blocks = [0; BLOCKS_LEN];
    let (mut rest, mut runs): (&mut [u16], &[u32]) = (&mut blocks, &RUNS);
    let (mut run, mut first) = (0, 0);
    while let [block, others @ ..] = rest {
        while let [_, later @ ..] = runs
            && let [next, ..] = later
            && *next >> 8 <= first
        {
            runs = later;
            run += 1;
        }
        *block = run;
        rest = others;
        first += 256;
    }
    blocks
};

/// Up to the block in which the last run begins, and one more for its end; no label has a character behind it.
const BLOCKS_LEN: usize = match RUNS.last() {
    Some(last) => (*last >> 16) as usize + 2,
    None => 0,
};
