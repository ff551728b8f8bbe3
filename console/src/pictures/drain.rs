//! Work that waits becoming less: a curve of the past, and a dashed one of the expectation.

use super::{
    Picture,
    canvas::{Anchor, Canvas, WIDTH},
    number, share,
};

/// How much waited at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Minutes since the first point.
    pub minute: i64,
    /// The moment, as the page writes it.
    pub label: String,
    /// Work that waited.
    pub waiting: i64,
}

const TOP: u32 = 14;
const BOTTOM: u32 = 164;
const LEFT: u32 = 52;

/// Minutes that a guess looks ahead at most.
const FAR: i64 = 7 * 24 * 60;

/// Draws how much waits, and when nothing will, if it goes on at the pace since it was most.
pub fn draw(points: &[Point]) -> Picture {
    let ends = points.last().and_then(|last| Some((last, minutes_left(points)?)));
    let caption = match (points.last(), ends) {
        (None, _) => "Nothing was measured yet.".to_owned(),
        (Some(last), _) if last.waiting == 0 => "Nothing waits.".to_owned(),
        (Some(last), Some((_, minutes))) => {
            format!("{} wait. At this pace nothing waits in {}.", number(last.waiting), duration(minutes))
        }
        (Some(last), None) => format!("{} wait, and it is not becoming less.", number(last.waiting)),
    };
    let mut canvas = Canvas::new("drain", 184);
    let most = points.iter().map(|point| point.waiting).max().unwrap_or(0).max(1);
    let first = points.first().map_or(0, |point| point.minute);
    let until = points.last().map_or(0, |last| last.minute + ends.map_or(0, |(_, minutes)| minutes)) - first;
    let place = |minute: i64, waiting: i64| {
        (LEFT + share(minute - first, until.max(1), WIDTH - LEFT - 6), BOTTOM - share(waiting, most, BOTTOM - TOP))
    };
    canvas.axis((LEFT, BOTTOM), (WIDTH, BOTTOM));
    canvas.axis((LEFT, TOP), (LEFT, BOTTOM));
    canvas.text((LEFT - 4, TOP + 8), Anchor::End, &number(most));
    canvas.text((LEFT - 4, BOTTOM), Anchor::End, "0");
    let seen: Vec<_> = points.iter().map(|point| place(point.minute, point.waiting)).collect();
    if seen.len() > 1 {
        canvas.curve(&seen, false);
    }
    if let Some((last, minutes)) = ends {
        canvas.curve(&[place(last.minute, last.waiting), place(last.minute + minutes, 0)], true);
    }
    for (at, point) in seen.iter().zip(points) {
        if points.len() <= 12 || point == &points[points.len() - 1] {
            canvas.mark(*at);
        }
    }
    if let (Some(one), Some(last)) = (points.first(), points.last()) {
        canvas.text((LEFT, BOTTOM + 14), Anchor::Start, &one.label);
        if points.len() > 1 {
            canvas.text((WIDTH - 4, BOTTOM + 14), Anchor::End, &last.label);
        }
    }
    Picture {
        svg: canvas.finish(&caption),
        caption,
        heads: vec!["When", "Waiting"],
        rows: points.iter().map(|point| vec![point.label.clone(), number(point.waiting)]).collect(),
    }
}

/// Returns the minutes from the last point on after which nothing waits, at the pace since the most
/// waited.
fn minutes_left(points: &[Point]) -> Option<i64> {
    let (peak, last) = (points.iter().max_by_key(|point| point.waiting)?, points.last()?);
    let (took, done) = (last.minute - peak.minute, peak.waiting - last.waiting);
    if took <= 0 || done <= 0 || last.waiting == 0 {
        return None;
    }
    i64::try_from(i128::from(last.waiting) * i128::from(took) / i128::from(done)).ok().filter(|left| *left <= FAR)
}

fn duration(minutes: i64) -> String {
    match minutes {
        ..=1 => "about a minute".to_owned(),
        2..=119 => format!("about {minutes} minutes"),
        120..=2_879 => format!("about {} hours", minutes / 60),
        _ => format!("about {} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(waiting: &[i64]) -> Vec<Point> {
        let point = |(minute, waiting): (i64, &i64)| Point {
            minute: minute * 5,
            label: format!("+{}", minute * 5),
            waiting: *waiting,
        };
        (0..).zip(waiting).map(point).collect()
    }

    #[test]
    fn work_that_becomes_less_is_told_with_its_end() {
        let picture = draw(&points(&[1_000, 800, 600]));
        assert_eq!(picture.caption, "600 wait. At this pace nothing waits in about 15 minutes.");
        assert_eq!(picture.rows, [["+0", "1,000"], ["+5", "800"], ["+10", "600"]]);
        assert!(picture.svg.contains("stroke-dasharray"), "{}", picture.svg);
        assert_eq!(picture.svg.matches("<circle class=\"p-mark\"").count(), 3);
    }

    #[test]
    fn the_pace_is_that_since_the_most_waited() {
        let picture = draw(&points(&[0, 200, 1_000, 800, 600]));
        assert_eq!(picture.caption, "600 wait. At this pace nothing waits in about 15 minutes.");
    }

    #[test]
    fn work_that_does_not_become_less_has_no_end() {
        for waiting in [&[600, 600][..], &[600, 700], &[600]] {
            let picture = draw(&points(waiting));
            assert!(picture.caption.contains("not becoming less") && !picture.svg.contains("dasharray"), "{waiting:?}");
        }
        assert_eq!(draw(&points(&[5, 0])).caption, "Nothing waits.");
        assert_eq!(draw(&[]).caption, "Nothing was measured yet.");
        assert!(draw(&points(&[i64::MAX, i64::MAX - 1])).caption.contains("not becoming less"));
    }
}
