/// Whether a reader sees nothing of a character, or takes it for another: controls, blanks other than the usual one, what
/// turns the direction of text, what is invisible, private or no character at all, and wide forms of ASCII.
///
/// # Source
/// Unicode 18: the categories Cc, Cf, Zs, Zl, Zp, Co and `Default_Ignorable_Code_Point`; letters that look alike are
/// another matter, of UTS 39.
pub(super) const fn is_deceptive(char: char) -> bool {
    matches!(char,
        '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
        | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{1680}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe50}'..='\u{fe6b}' | '\u{feff}'
        | '\u{ff01}'..='\u{ff5e}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
        || matches!(char as u32 & 0xffff, 0xfffe..=0xffff)
}
