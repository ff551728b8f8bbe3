//! The one writer of SVG markup: shapes, patterns and texts, all escaped.

use std::fmt::Write as _;

/// Width of every picture in its own units: a phone's, so that texts are readable there.
pub const WIDTH: u32 = 344;

/// How an area is filled, so that it is told from others without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Filled.
    Solid,
    /// Diagonal lines.
    Lines,
    /// Dots.
    Dots,
    /// An outline alone.
    Outline,
}

impl Fill {
    const fn class(self) -> &'static str {
        match self {
            Self::Solid => "p-solid",
            Self::Lines => "p-lines",
            Self::Dots => "p-dots",
            Self::Outline => "p-outline",
        }
    }
}

/// Where a text stands beside its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A picture that is being drawn.
#[derive(Debug)]
pub struct Canvas {
    name: &'static str,
    height: u32,
    body: String,
}

impl Canvas {
    /// Begins a picture. Its name makes the ids of its parts, and is there once on a page.
    pub fn new(name: &'static str, height: u32) -> Self {
        Self { name, height, body: String::new() }
    }

    /// Draws a rectangle; one without an area is left out.
    pub fn bar(&mut self, fill: Fill, (x, y): (u32, u32), (width, height): (u32, u32)) {
        if width == 0 || height == 0 {
            return;
        }
        let pattern = match fill {
            Fill::Lines => format!(r#" fill="url(#{}-lines)""#, self.name),
            Fill::Dots => format!(r#" fill="url(#{}-dots)""#, self.name),
            Fill::Outline => r#" fill="none""#.to_owned(),
            Fill::Solid => String::new(),
        };
        let class = fill.class();
        self.put(format_args!(r#"<rect class="{class}"{pattern} x="{x}" y="{y}" width="{width}" height="{height}"/>"#));
    }

    /// Draws a line of an axis.
    pub fn axis(&mut self, (x1, y1): (u32, u32), (x2, y2): (u32, u32)) {
        self.put(format_args!(r#"<line class="p-axis" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// Draws a curve through points, dashed where it is a guess.
    pub fn curve(&mut self, points: &[(u32, u32)], is_guess: bool) {
        let mut path = String::new();
        for (x, y) in points {
            // Writing to a string does not fail.
            let _ = write!(path, "{x},{y} ");
        }
        let class = if is_guess { "p-curve p-guess" } else { "p-curve" };
        let dash = if is_guess { r#" stroke-dasharray="4 3""# } else { "" };
        self.put(format_args!(r#"<polyline class="{class}" fill="none"{dash} points="{}"/>"#, path.trim_end()));
    }

    /// Draws a mark on a curve.
    pub fn mark(&mut self, (x, y): (u32, u32)) {
        self.put(format_args!(r#"<circle class="p-mark" cx="{x}" cy="{y}" r="3"/>"#));
    }

    /// Writes a text.
    pub fn text(&mut self, (x, y): (u32, u32), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.put(format_args!(r#"<text class="p-text" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
    }

    /// Writes the meaning of the fills in a row.
    pub fn legend(&mut self, y: u32, entries: &[(Fill, &str)]) {
        let mut x = 4;
        for (fill, name) in entries {
            self.bar(*fill, (x, y), (12, 12));
            self.text((x + 17, y + 10), Anchor::Start, name);
            x += 17 + 7 * u32::try_from(name.chars().count()).unwrap_or(20) + 12;
        }
    }

    /// Returns the markup. `title` names the picture for people that do not see it.
    pub fn finish(self, title: &str) -> String {
        let Self { name, height, body } = self;
        let title = escape(title);
        format!(
            r#"<svg class="picture" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title"><title id="{name}-title">{title}</title><defs><pattern id="{name}-lines" width="5" height="5" patternUnits="userSpaceOnUse"><path class="p-stroke" d="M0 5 5 0"/></pattern><pattern id="{name}-dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="p-dot" cx="2" cy="2" r="1.2"/></pattern></defs>{body}</svg>"#
        )
    }

    fn put(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(markup);
    }
}

/// Returns a text as it stands in markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        let mut canvas = Canvas::new("x", 20);
        canvas.text((0, 0), Anchor::Start, r#"</text><script a="b">'&"#);
        let svg = canvas.finish("<b>");
        assert!(svg.contains("&lt;/text&gt;&lt;script a=&quot;b&quot;&gt;&#39;&amp;"), "{svg}");
        assert!(svg.contains("<title id=\"x-title\">&lt;b&gt;</title>") && !svg.contains("<script"), "{svg}");
    }

    #[test]
    fn no_markup_is_inline_style_and_nothing_without_area_is_drawn() {
        let mut canvas = Canvas::new("x", 20);
        for fill in [Fill::Solid, Fill::Lines, Fill::Dots, Fill::Outline] {
            canvas.bar(fill, (1, 2), (3, 4));
        }
        canvas.bar(Fill::Solid, (1, 2), (0, 4));
        canvas.axis((0, 0), (1, 1));
        canvas.curve(&[(0, 0), (1, 1)], true);
        canvas.mark((1, 1));
        let svg = canvas.finish("t");
        assert!(!svg.contains("style="), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("url(#x-lines)") && svg.contains("url(#x-dots)") && svg.contains("stroke-dasharray"));
    }
}
