//! Samples as a picture.

use super::samples::Sample;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 110.0;
const LEFT: f64 = 56.0;
const POINTS: usize = 300;

/// One line of a panel: its name, its colour, and what it shows.
type Line = (&'static str, &'static str, fn(&Sample) -> f64);

/// An SVG with a panel each for memory, descriptors, latency and data.
pub fn svg(samples: &[Sample]) -> String {
    let panels: [&[Line]; 4] = [
        &[("resident memory, MiB", "#1f6feb", |sample| sample.rss)],
        &[("open descriptors", "#2da44e", |sample| {
            sample.descriptors as f64
        })],
        &[
            ("acknowledgement p99, ms", "#cf222e", |sample| {
                sample.latency.p99
            }),
            ("p50", "#8250df", |sample| sample.latency.p50),
        ],
        &[("data folder, MiB", "#9a6700", |sample| {
            sample.disk as f64 / f64::from(1 << 20)
        })],
    ];
    let height = HEIGHT * panels.len() as f64 + 24.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n",
        WIDTH + LEFT + 12.0
    );
    out += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    for (number, lines) in panels.iter().enumerate() {
        panel(&mut out, samples, lines, number as f64 * HEIGHT);
    }
    let minutes = samples.last().map_or(0.0, |last| last.at / 60.0);
    let end = format!("{minutes:.0} min");
    text(&mut out, LEFT, height - 8.0, "start", "0");
    text(&mut out, LEFT + WIDTH, height - 8.0, "end", &end);
    out + "</svg>\n"
}

fn panel(out: &mut String, samples: &[Sample], lines: &[Line], top: f64) {
    let values = lines.iter().flat_map(|line| samples.iter().map(line.2));
    let most = values.fold(1.0, f64::max) * 1.15;
    let (floor, ceiling) = (top + HEIGHT - 6.0, top + 18.0);
    let step = samples.len().div_ceil(POINTS).max(1);
    let end = samples.last().map_or(1.0, |last| last.at);
    *out += &format!(
        "<path d=\"M{LEFT} {ceiling}V{floor}H{}\" fill=\"none\" stroke=\"#999\"/>\n",
        LEFT + WIDTH
    );
    text(out, LEFT - 4.0, floor, "end", "0");
    text(out, LEFT - 4.0, ceiling + 8.0, "end", &format!("{most:.0}"));
    for (number, (name, colour, of)) in lines.iter().enumerate() {
        let mut points = String::new();
        for chunk in samples.chunks(step) {
            // The greatest of those that share a point, so that no peak is lost.
            let value = chunk.iter().map(of).fold(0.0, f64::max);
            let (x, y) = (
                LEFT + chunk[0].at / end * WIDTH,
                floor - value / most * (floor - ceiling),
            );
            points += &format!("{x:.0},{y:.1} ");
        }
        *out += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\"/>\n",
            points.trim_end()
        );
        let at = LEFT + 6.0 + 150.0 * number as f64;
        *out += &format!(
            "<text x=\"{at}\" y=\"{}\" fill=\"{colour}\">{name}</text>\n",
            top + 14.0
        );
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    *out += &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n");
}
