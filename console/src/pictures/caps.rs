//! Daily allowances of phone companies filling up.

use super::{
    Picture,
    canvas::{Anchor, Canvas, Fill, WIDTH},
    number, percent, share,
};

/// One phone company's allowance today, in parts of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// The phone company, as people call it.
    pub carrier: String,
    /// Parts that went today.
    pub used: i64,
    /// The day's allowance; none without a limit.
    pub limit: Option<i64>,
}

const ROW: u32 = 40;

/// Draws allowances.
pub fn draw(caps: &[Cap]) -> Picture {
    let fullest = caps.iter().filter_map(|cap| Some((percent(cap.used, cap.limit?), &cap.carrier))).max();
    let caption = match fullest {
        Some((percent, carrier)) => format!("The fullest allowance today is {carrier}'s, at {percent} %."),
        None => "No phone company limits your texts a day.".to_owned(),
    };
    let height = ROW * u32::try_from(caps.len().max(1)).unwrap_or(1) + 8;
    let mut canvas = Canvas::new("caps", height);
    for (nth, cap) in (0u32..).zip(caps) {
        let y = nth * ROW + 4;
        canvas.text((2, y + 12), Anchor::Start, &cap.carrier);
        canvas.text((WIDTH - 2, y + 12), Anchor::End, &told(cap));
        canvas.bar(Fill::Outline, (1, y + 18), (WIDTH - 2, 12));
        match cap.limit {
            Some(limit) => canvas.bar(Fill::Solid, (1, y + 18), (share(cap.used, limit, WIDTH - 2), 12)),
            None => canvas.bar(Fill::Lines, (1, y + 18), (WIDTH - 2, 12)),
        }
    }
    let rows = caps.iter().map(|cap| {
        let limit = cap.limit.map_or_else(|| "no limit".to_owned(), number);
        let left = cap.limit.map_or_else(|| "no limit".to_owned(), |limit| number((limit - cap.used).max(0)));
        vec![cap.carrier.clone(), number(cap.used), limit, left]
    });
    Picture {
        svg: canvas.finish(&caption),
        caption,
        heads: vec!["Phone company", "Used today", "Allowed a day", "Left today"],
        rows: rows.collect(),
    }
}

fn told(cap: &Cap) -> String {
    match cap.limit {
        Some(limit) => format!("{} of {} ({} %)", number(cap.used), number(limit), percent(cap.used, limit)),
        None => format!("{}, no limit", number(cap.used)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_allowances_are_told_with_what_is_left() {
        let caps = [
            Cap { carrier: "T-Mobile".to_owned(), used: 1_500, limit: Some(2_000) },
            Cap { carrier: "A<T".to_owned(), used: 10, limit: None },
        ];
        let picture = draw(&caps);
        assert_eq!(picture.caption, "The fullest allowance today is T-Mobile's, at 75 %.");
        assert_eq!(picture.rows, [["T-Mobile", "1,500", "2,000", "500"], ["A<T", "10", "no limit", "no limit"]]);
        assert!(picture.svg.contains("1,500 of 2,000 (75 %)") && picture.svg.contains("A&lt;T"));
        assert!(
            picture.svg.contains(r#"<rect class="p-solid" x="1" y="22" width="256" height="12"/>"#),
            "{}",
            picture.svg
        );
    }

    #[test]
    fn an_allowance_of_nothing_is_drawn_and_none_at_all_is_told() {
        let none = draw(&[Cap { carrier: "X".to_owned(), used: 0, limit: Some(0) }]);
        assert!(none.svg.contains("0 of 0 (0 %)"));
        assert_eq!(draw(&[]).caption, "No phone company limits your texts a day.");
    }
}
