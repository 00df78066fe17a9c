//! Every work and every peer of it, a bar each.

use crate::figures::three_digits;
use crate::room::Room;
use crate::strip::verdict;
use crate::svg::{Anchor, Scale, Svg, Theme, fit};

/// A bar for each peer, from 1, where both take the same time.
pub(crate) fn bars(rooms: &[Room], caption: &str, theme: &Theme) -> String {
    let scale = Scale { from: 0.01, to: 10.0, start: 290.0, end: 530.0 };
    let mut svg = Svg::new(WIDTH);
    svg.heading(28.0, 16.0, theme.text, TITLE);
    svg.text((16.0, 47.0), Anchor::Start, (12.0, theme.muted), EXPLANATION);
    let mut y = 66.0;
    for room in rooms {
        if room.report.pairs().next().is_none() {
            continue;
        }
        svg.heading(y + 17.0, 13.0, theme.text, &room.name);
        y += 26.0;
        let mut before = "";
        for (ours, peer) in room.report.pairs() {
            let ratio = ours.median / peer.median;
            if before != ours.work {
                svg.text((16.0, y + 11.0), Anchor::Start, (11.0, theme.text), &fit(&ours.work, 42));
                before = &ours.work;
            }
            for mark in [0.01, 0.1, 10.0] {
                svg.line((scale.place(mark), y), (scale.place(mark), y + ROW), theme.grid, 1.0);
            }
            let (from, to) = (scale.place(1.0), scale.place(ratio));
            let (_, colour) = verdict(ratio, theme);
            let width = (to - from).abs().max(2.0); // what is level is seen as well
            svg.bar((from.min(to), y + 2.5), (width, ROW - 5.0), colour);
            if ratio < scale.from {
                svg.text((to - 2.0, y + 11.0), Anchor::End, (10.0, colour), "◂");
            } else if ratio > scale.to {
                svg.text((to + 2.0, y + 11.0), Anchor::Start, (10.0, colour), "▸");
            }
            svg.line((from, y), (from, y + ROW), theme.muted, 1.5);
            svg.text((586.0, y + 11.0), Anchor::End, (11.0, theme.text), &three_digits(ratio));
            svg.text((596.0, y + 11.0), Anchor::Start, (11.0, theme.muted), &fit(peer.name(), 34));
            y += ROW;
        }
        for (mark, text) in [(0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10")] {
            svg.text((scale.place(mark), y + 11.0), Anchor::Middle, (10.0, theme.muted), text);
        }
        y += 20.0;
    }
    svg.text((16.0, y + 14.0), Anchor::Start, (11.0, theme.muted), caption);
    svg.file(y + 28.0, TITLE, theme)
}

const WIDTH: f64 = 800.0;
const ROW: f64 = 16.0;
const TITLE: &str = "palisade's time divided by the peer's";
const EXPLANATION: &str = "Bars to the left: palisade is faster. Grey: level within 5 %. A bar that goes on beyond the axis ends in an arrow.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::tests::room;
    use crate::svg::THEMES;

    #[test]
    fn each_peer_has_its_bar_ratio_and_name() {
        let picture = bars(&[room()], "somewhere", &THEMES[0]);
        assert_eq!(picture.matches("<rect").count(), 3, "the background and two bars");
        for text in [">make &lt;it&gt;<", ">0.0050<", ">◂<", ">2.00<", ">peer 1.0<", ">somewhere<"] {
            assert!(picture.contains(text), "{text}");
        }
        assert!(!picture.contains("part<"), "a yardstick is no peer");
    }
}
