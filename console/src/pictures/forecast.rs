//! A forecast beside the texts that went, day by day.

use super::{
    Picture, at_most_columns,
    canvas::{Anchor, Canvas, Fill, WIDTH},
    number, share,
};

/// One day, in parts of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day, as the page writes it.
    pub label: String,
    /// Parts that will go by the forecast; none on a day that is over.
    pub expected: Option<i64>,
    /// Parts that went; none on a day to come.
    pub happened: Option<i64>,
}

const TOP: u32 = 34;
const BOTTOM: u32 = 164;
const LEFT: u32 = 48;

fn sum(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.map_or(other, |value| Some(value + other.unwrap_or(0)))
}

/// Draws a forecast beside the texts that went.
pub fn draw(days: &[Day]) -> Picture {
    let columns = at_most_columns(days, |one, next| Day {
        label: one.label.clone(),
        expected: sum(one.expected, next.expected),
        happened: sum(one.happened, next.happened),
    });
    let total = |of: fn(&Day) -> Option<i64>| days.iter().filter_map(of).sum::<i64>();
    let (to_come, went) = (total(|day| day.expected), total(|day| day.happened));
    let caption = format!("{} parts of texts went so far, {} are to come.", number(went), number(to_come));
    let mut canvas = Canvas::new("forecast", 184);
    canvas.legend(6, &[(Fill::Solid, "Went"), (Fill::Lines, "To come, by the forecast")]);
    let most = columns.iter().flat_map(|day| [day.expected, day.happened]).flatten().max().unwrap_or(0).max(1);
    canvas.axis((LEFT, BOTTOM), (WIDTH, BOTTOM));
    canvas.text((LEFT - 4, TOP + 8), Anchor::End, &number(most));
    canvas.text((LEFT - 4, BOTTOM), Anchor::End, "0");
    let step = (WIDTH - LEFT) / u32::try_from(columns.len().max(1)).unwrap_or(1);
    let label_each = columns.len().div_ceil(4).max(1);
    for (nth, day) in (0u32..).zip(&columns) {
        let x = LEFT + nth * step + 1;
        let width = (step / 2).saturating_sub(1).clamp(1, 24);
        let height = |value: Option<i64>| share(value.unwrap_or(0), most, BOTTOM - TOP);
        let (went, to_come) = (height(day.happened), height(day.expected));
        canvas.bar(Fill::Solid, (x, BOTTOM - went), (width, went));
        canvas.bar(Fill::Lines, (x + width + 1, BOTTOM - to_come), (width, to_come));
        if (nth as usize).is_multiple_of(label_each) {
            canvas.text((x, BOTTOM + 14), Anchor::Start, &day.label);
        }
    }
    let cell = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), number);
    let rows = days.iter().map(|day| vec![day.label.clone(), cell(day.happened), cell(day.expected)]);
    Picture {
        svg: canvas.finish(&caption),
        caption,
        heads: vec!["Day", "Went", "To come, by the forecast"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_a_forecast_stands_beside_what_happened() {
        let day = |label: &str, expected, happened| Day { label: label.to_owned(), expected, happened };
        let picture =
            draw(&[day("Mon", None, Some(2_000)), day("Tue", Some(1_000), Some(500)), day("Wed", Some(500), None)]);
        assert_eq!(picture.caption, "2,500 parts of texts went so far, 1,500 are to come.");
        assert_eq!(picture.rows, [["Mon", "2,000", "–"], ["Tue", "500", "1,000"], ["Wed", "–", "500"]]);
        assert_eq!(picture.svg.matches("<rect").count(), 2 + 4);
        assert!(
            picture.svg.contains(r#"<rect class="p-solid" x="49" y="34" width="24" height="130"/>"#),
            "{}",
            picture.svg
        );
        assert!(draw(&[]).rows.is_empty());
    }
}
