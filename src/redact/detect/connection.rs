//! Passwords in connection strings that are no URLs: `user:password@tcp(host)`, `user/password@//host`.
//! Those with names, `Server=…;Password=…`, are found by their names.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::redact::kind::Kind;
use crate::redact::text::{cut, is_space, run, run_before};
use crate::redact::value::is_placeholder;

pub(super) const DETECTOR: Detector =
    Detector { kinds: &[Kind::Userinfo], anchors: &["@tcp(", "@unix(", "@//"], look };

const LONGEST: usize = 256;

fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    let text = scene.text;
    let word = anchor.start
        - run_before(text, anchor.start, LONGEST, |byte| {
            !is_space(byte) && !matches!(byte, b'"' | b'\'' | b'=' | b'<' | b'>' | b'`')
        });
    let sign = if anchor.len() == 3 { b'/' } else { b':' };
    let user = word + run(cut(text, 0, anchor.start), word, |byte| byte != sign);
    if user > word && user < anchor.start && !is_placeholder(cut(text, user + 1, anchor.start)) {
        scene.add(user + 1..anchor.start, Kind::Userinfo, Detail::None);
    }
}
