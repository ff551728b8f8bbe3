//! Texts over time: how many went out in each hour, and their fate.

use super::{
    Picture, at_most_columns,
    canvas::{Anchor, Canvas, Fill, WIDTH},
    number, percent, share,
};

/// Texts that went out in an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// The hour, as the page writes it.
    pub label: String,
    /// Texts that arrived.
    pub delivered: i64,
    /// Texts without a receipt yet.
    pub on_the_way: i64,
    /// Texts that did not arrive.
    pub failed: i64,
}

impl Hour {
    const fn all(&self) -> i64 {
        self.delivered + self.on_the_way + self.failed
    }
}

const TOP: u32 = 34;
const BOTTOM: u32 = 164;
const LEFT: u32 = 44;

/// Draws texts by hour.
pub fn draw(hours: &[Hour]) -> Picture {
    let columns = at_most_columns(hours, |one, next| Hour {
        label: one.label.clone(),
        delivered: one.delivered + next.delivered,
        on_the_way: one.on_the_way + next.on_the_way,
        failed: one.failed + next.failed,
    });
    let sum = |of: fn(&Hour) -> i64| hours.iter().map(of).sum::<i64>();
    let (all, delivered, failed) = (sum(Hour::all), sum(|hour| hour.delivered), sum(|hour| hour.failed));
    let caption = format!(
        "{} texts went out: {} arrived ({} %), {} did not.",
        number(all),
        number(delivered),
        percent(delivered, all),
        number(failed)
    );
    let mut canvas = Canvas::new("delivery", 184);
    canvas.legend(6, &[(Fill::Solid, "Arrived"), (Fill::Lines, "On the way"), (Fill::Dots, "Did not arrive")]);
    let most = columns.iter().map(Hour::all).max().unwrap_or(0).max(1);
    canvas.axis((LEFT, BOTTOM), (WIDTH, BOTTOM));
    canvas.text((LEFT - 4, TOP + 8), Anchor::End, &number(most));
    canvas.text((LEFT - 4, BOTTOM), Anchor::End, "0");
    let count = u32::try_from(columns.len().max(1)).unwrap_or(1);
    let step = (WIDTH - LEFT) / count;
    let label_each = columns.len().div_ceil(4).max(1);
    for (nth, hour) in (0u32..).zip(&columns) {
        let x = LEFT + nth * step + 1;
        let mut y = BOTTOM;
        let parts = [(Fill::Solid, hour.delivered), (Fill::Lines, hour.on_the_way), (Fill::Dots, hour.failed)];
        for (fill, texts) in parts {
            let height = share(texts, most, BOTTOM - TOP).min(y - TOP);
            y -= height;
            canvas.bar(fill, (x, y), (step.saturating_sub(2).clamp(1, 48), height));
        }
        if (nth as usize).is_multiple_of(label_each) {
            canvas.text((x, BOTTOM + 14), Anchor::Start, &hour.label);
        }
    }
    let rows = hours
        .iter()
        .map(|hour| vec![hour.label.clone(), number(hour.delivered), number(hour.on_the_way), number(hour.failed)]);
    Picture {
        svg: canvas.finish(&caption),
        caption,
        heads: vec!["Hour", "Arrived", "On the way", "Did not arrive"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(label: &str, delivered: i64, on_the_way: i64, failed: i64) -> Hour {
        Hour { label: label.to_owned(), delivered, on_the_way, failed }
    }

    #[test]
    fn texts_over_time_are_told_in_a_sentence_a_picture_and_a_table() {
        let picture = draw(&[hour("10 AM", 80, 10, 10), hour("11 AM", 40, 0, 0)]);
        assert_eq!(picture.caption, "140 texts went out: 120 arrived (85 %), 10 did not.");
        assert_eq!(picture.rows, [["10 AM", "80", "10", "10"], ["11 AM", "40", "0", "0"]]);
        // Three parts of the first hour, one of the second, and the legend's three.
        assert_eq!(picture.svg.matches("<rect").count(), 3 + 1 + 3);
        assert!(
            picture.svg.contains(r#"<rect class="p-solid" x="45" y="60" width="48" height="104"/>"#),
            "{}",
            picture.svg
        );
        assert!(picture.svg.contains(">10 AM<") && picture.svg.contains(">100<"));
    }

    #[test]
    fn a_month_of_hours_fits_and_nothing_at_all_is_a_picture_too() {
        let hours: Vec<_> = (0..744).map(|nth| hour(&format!("h{nth}"), nth, 1, 0)).collect();
        let picture = draw(&hours);
        assert_eq!(picture.rows.len(), 744);
        assert!(picture.svg.matches("<rect").count() <= 3 + 3 * 24);
        let none = draw(&[]);
        assert_eq!(none.caption, "0 texts went out: 0 arrived (0 %), 0 did not.");
        assert!(none.svg.starts_with("<svg") && none.rows.is_empty());
    }
}
