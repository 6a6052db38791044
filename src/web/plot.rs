//! Plots as SVG, made here so that no script is needed and paper shows them too: bars, histograms, Pareto charts. How
//! they look is in `reports.css`; lengths are tenths of the view box's units, so that whole numbers suffice.

const WIDTH: u64 = 6400;
const HEIGHT: u64 = 2600;
const LEFT: u64 = 520;
const RIGHT: u64 = 520;
const TOP: u64 = 220;
const BOTTOM: u64 = 360;
/// The most labels below a plot.
const MOST_LABELS: usize = 13;
/// The most bars with their number above them.
const MOST_NUMBERED: usize = 26;
/// The widest bar.
const WIDEST: u64 = 800;

/// Bars side by side, each with its label; `name` is what a screen reader says.
pub fn bars(name: &str, bars: &[(String, u64)]) -> String {
    let mut plot = Plot::begin(name, bars, most(bars), false);
    plot.bars(bars, 6);
    plot.labels_below(bars);
    plot.end()
}

/// A histogram: bars that touch, each labelled where it begins; `end` labels where the last one ends.
pub fn histogram(name: &str, bars: &[(String, u64)], end: &str) -> String {
    let mut plot = Plot::begin(name, bars, most(bars), false);
    plot.bars(bars, 1);
    let step = bars.len().div_ceil(MOST_LABELS).max(1);
    let (each, y) = (plot.each, HEIGHT - BOTTOM + 150);
    let edges = bars.iter().map(|(label, _)| label.as_str()).chain([end]);
    for (at, label) in (0..).zip(edges).step_by(step) {
        plot.text("tick", "middle", LEFT + at * each, y, label);
    }
    plot.end()
}

/// A Pareto chart: bars, the highest first, and a line that adds them up to a hundred percent, which is the top of the
/// scale.
pub fn pareto(name: &str, bars: &[(String, u64)], total: u64) -> String {
    let mut plot = Plot::begin(name, bars, total, true);
    plot.bars(bars, 6);
    plot.labels_below(bars);
    for percent in [0, 50, 100] {
        let y = plot.height_of(percent, 100);
        plot.text("tick", "start", WIDTH - RIGHT + 60, y + 40, &format!("{percent} %"));
    }
    let (mut sum, mut points) = (0_u64, Vec::new());
    for (at, (_, value)) in (0..).zip(bars) {
        sum = sum.saturating_add(*value);
        let x = LEFT + at * plot.each + plot.each / 2;
        points.push((x, plot.height_of(sum, total.max(1))));
    }
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    plot.svg.push_str(&format!("<polyline class=\"sum\" points=\"{}\"/>", line.join(" ")));
    for (x, y) in points {
        plot.svg.push_str(&format!("<circle class=\"point\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", px(x), px(y)));
    }
    plot.end()
}

struct Plot {
    svg: String,
    /// What the top of the scale stands for.
    scale: u64,
    /// Whether the scale ends at a given value.
    exact: bool,
    /// The room of one bar.
    each: u64,
}

impl Plot {
    /// A plot whose scale ends at `most`, or at the next round number.
    fn begin(name: &str, bars: &[(String, u64)], most: u64, exact: bool) -> Plot {
        let most = most.max(1);
        let step = round_step(most);
        let count = u64::try_from(bars.len()).unwrap_or(1).max(1);
        let mut plot = Plot {
            svg: format!(
                "<svg class=\"plot\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\">",
                escaped(name),
                WIDTH / 10,
                HEIGHT / 10
            ),
            exact,
            scale: if exact { most } else { most.div_ceil(step).saturating_mul(step) },
            each: (WIDTH - LEFT - RIGHT) / count,
        };
        for at in 0..=plot.scale / step {
            let y = plot.height_of(at * step, plot.scale);
            plot.svg.push_str(&format!(
                "<line class=\"grid\" x1=\"{}\" y1=\"{2}\" x2=\"{}\" y2=\"{2}\"/>",
                px(LEFT),
                px(WIDTH - RIGHT),
                px(y)
            ));
            plot.text("tick", "end", LEFT - 60, y + 40, &(at * step).to_string());
        }
        plot
    }

    /// Where a value lies between the bottom and the top of the scale.
    fn height_of(&self, value: u64, scale: u64) -> u64 {
        let room = u128::from(HEIGHT - TOP - BOTTOM);
        let height = u128::from(value.min(scale)) * room / u128::from(scale.max(1));
        (HEIGHT - BOTTOM) - u64::try_from(height).unwrap_or(0)
    }

    /// The bars, `gap` tenths of their room apart.
    fn bars(&mut self, bars: &[(String, u64)], gap: u64) {
        // bars that touch fill their room; others are no wider than looks well
        let width = self.each - self.each * gap / 20;
        let width = if gap > 1 { width.min(WIDEST) } else { width }.max(5);
        for (at, (_, value)) in (0..).zip(bars) {
            let middle = LEFT + at * self.each + self.each / 2;
            let y = self.height_of(*value, self.scale);
            self.svg.push_str(&format!(
                "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                px(middle.saturating_sub(width / 2)),
                px(y),
                px(width),
                px(HEIGHT - BOTTOM - y)
            ));
            if *value > 0 && bars.len() <= MOST_NUMBERED {
                // the line of a Pareto chart runs along the tops, so its numbers stand inside
                let bottom = HEIGHT - BOTTOM;
                let (class, y) = match self.exact && bottom - y > 250 {
                    true => ("number inside", bottom - 70),
                    false => ("number", y - 60),
                };
                self.text(class, "middle", middle, y, &value.to_string());
            }
        }
    }

    fn labels_below(&mut self, bars: &[(String, u64)]) {
        let step = bars.len().div_ceil(MOST_LABELS).max(1);
        for (at, (label, _)) in (0..).zip(bars).step_by(step) {
            let x = LEFT + at * self.each + self.each / 2;
            self.text("tick", "middle", x, HEIGHT - BOTTOM + 170, label);
        }
    }

    fn text(&mut self, class: &str, anchor: &str, x: u64, y: u64, text: &str) {
        self.svg.push_str(&format!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{}\" y=\"{}\">{}</text>",
            px(x),
            px(y),
            escaped(text)
        ));
    }

    fn end(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

fn most(bars: &[(String, u64)]) -> u64 {
    bars.iter().map(|(_, value)| *value).max().unwrap_or(0)
}

/// A round step (1, 2 or 5 times a power of ten) that divides a scale up to `most` into at most five.
fn round_step(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let step = power.saturating_mul(step);
            if step == u64::MAX || most.div_ceil(step) <= 5 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn px(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[u64]) -> Vec<(String, u64)> {
        (1..).zip(values).map(|(at, value): (u32, _)| (format!("n{at}"), *value)).collect()
    }

    #[test]
    fn the_highest_bar_stays_below_the_top_and_a_bar_of_nothing_has_no_height() {
        let svg = bars("made", &some(&[5, 0]));
        assert!(svg.contains("role=\"img\" aria-label=\"made\""), "{svg}");
        // five is the top of the scale: from 22 down to 224
        assert!(svg.contains("y=\"22.0\" ") && svg.contains("height=\"202.0\"/>"), "{svg}");
        assert!(svg.contains("height=\"0.0\"/>"), "{svg}");
        assert!(!svg.contains("style="), "{svg}");
    }

    #[test]
    fn the_line_of_a_pareto_chart_ends_at_a_hundred_percent_of_all() {
        let svg = pareto("failures", &some(&[6, 3, 1]), 10);
        let points =
            svg.split("<polyline class=\"sum\" points=\"").nth(1).unwrap().split('"').next().unwrap();
        let heights: Vec<&str> = points.split(' ').map(|point| point.split(',').nth(1).unwrap()).collect();
        assert_eq!(heights, ["102.8", "42.2", "22.0"]);
        // the line begins at the top of the first bar
        assert!(svg.contains("y=\"102.8\" width=\"80.0\""), "{svg}");
        // bars that are left out keep it below
        let part = pareto("failures", &some(&[6]), 10);
        assert!(part.contains("102.8"), "{part}");
    }

    #[test]
    fn names_are_escaped_and_edges_labelled() {
        let svg = histogram("<a & \"b\">", &some(&[1, 2]), "end");
        assert!(svg.contains("aria-label=\"&lt;a &amp; &quot;b&quot;&gt;\""), "{svg}");
        assert!(svg.contains(">end</text>"), "{svg}");
        assert_eq!(
            (round_step(1), round_step(5), round_step(6), round_step(23), round_step(1000)),
            (1, 1, 2, 5, 200)
        );
        assert!(bars("none", &[]).ends_with("</svg>"));
        bars("many", &some(&[u64::MAX; 3]));
    }
}
