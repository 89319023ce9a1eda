//! How long requests took, as pictures: bars in the terminal, and an SVG. Both scales are logarithmic, so that one slow request
//! among a million is seen.

use std::fmt::Write as _;

use crate::walk::Times;

/// Bars of the terminal's picture, in characters.
const WIDTH: f64 = 48.0;
/// Of the SVG, in pixels: a step to the right is a doubling of the time.
const STEP: f64 = 48.0;
const HEIGHT: f64 = 80.0;
/// The first bucket ends at 2^6 us, the last at 2^24 (17 s).
const POWERS: std::ops::RangeInclusive<u32> = 6..=24;

/// One line a doubling of the time, for each function.
pub fn bars(times: &Times) -> String {
    let mut picture = String::new();
    for (name, histogram) in times {
        let _ = writeln!(picture, "{}", title(name, histogram));
        let buckets = buckets(histogram);
        let seen = |bucket: &&(u32, u64)| bucket.1 > 0;
        let (first, last) =
            (buckets.iter().position(|bucket| seen(&bucket)), buckets.iter().rposition(|bucket| seen(&bucket)));
        for (power, count) in first.zip(last).and_then(|(first, last)| buckets.get(first..=last)).unwrap_or_default() {
            let length = (part(*count, &buckets) * WIDTH).round() as usize;
            let _ = writeln!(picture, "  < {:>9} {:<48} {count}", time(2_u64.pow(*power)), "#".repeat(length));
        }
    }
    picture
}

/// The same as SVG, a strip for each function.
pub fn svg(times: &Times) -> String {
    let width = STEP * POWERS.count() as f64 + 40.0;
    let height = (HEIGHT + 56.0) * times.len() as f64 + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (row, (name, histogram)) in times.iter().enumerate() {
        let top = (HEIGHT + 56.0) * row as f64 + 30.0;
        let foot = top + HEIGHT;
        let _ = writeln!(svg, "<text x=\"20\" y=\"{}\" font-size=\"13\">{}</text>", top - 8.0, title(name, histogram));
        let buckets = buckets(histogram);
        for (column, (power, count)) in buckets.iter().enumerate() {
            let (left, tall) = (20.0 + STEP * column as f64, part(*count, &buckets) * HEIGHT);
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{:.1}\" width=\"{}\" height=\"{tall:.1}\" fill=\"#3a6ea5\"><title>{count}</title></rect>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#555\">{}</text>",
                foot - tall,
                STEP - 2.0,
                left + STEP,
                foot + 13.0,
                time(2_u64.pow(*power)),
            );
        }
        let _ = writeln!(svg, "<line x1=\"20\" y1=\"{foot}\" x2=\"{}\" y2=\"{foot}\" stroke=\"#555\"/>", width - 20.0);
    }
    svg + "</svg>\n"
}

type Histogram = hdrhistogram::Histogram<u64>;

fn title(name: &str, histogram: &Histogram) -> String {
    let at = |part| time(histogram.value_at_quantile(part));
    let (middle, high, most) = (at(0.5), at(0.99), time(histogram.max()));
    format!("{name}: {} requests, median {middle}, p99 {high}, at most {most}", histogram.len())
}

/// Power of two of a bucket's end in microseconds, and how many requests took less, and not less than the one before.
fn buckets(histogram: &Histogram) -> Vec<(u32, u64)> {
    let mut buckets: Vec<_> = POWERS.map(|power| (power, 0)).collect();
    for step in histogram.iter_recorded() {
        let power = u64::BITS - step.value_iterated_to().leading_zeros();
        let bucket = power.clamp(*POWERS.start(), *POWERS.end()) - POWERS.start();
        if let Some((_, count)) = buckets.get_mut(bucket as usize) {
            *count += step.count_at_value();
        }
    }
    buckets
}

/// How high a bar is of the highest: 0 for none.
fn part(count: u64, buckets: &[(u32, u64)]) -> f64 {
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if most == 0 { 0.0 } else { (count as f64).ln_1p() / (most as f64).ln_1p() }
}

fn time(microseconds: u64) -> String {
    match microseconds {
        0..1000 => format!("{microseconds} us"),
        1000..100_000 => format!("{:.1} ms", microseconds as f64 / 1e3),
        100_000..1_000_000 => format!("{} ms", microseconds / 1000),
        _ => format!("{:.1} s", microseconds as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn each_request_is_in_one_bar_and_the_highest_bar_is_whole() {
        let mut histogram = Histogram::new(2).unwrap();
        [3_u64, 300, 310, 320, 330, 12_000].into_iter().for_each(|time| histogram.record(time).unwrap());
        assert_eq!(buckets(&histogram).iter().map(|(_, count)| count).sum::<u64>(), 6);
        let times = Times::from([("token", histogram)]);
        let picture = bars(&times);
        assert!(picture.contains("token: 6 requests, median 3"), "{picture}");
        assert!(picture.lines().any(|line| line.contains("512 us") && line.contains(&"#".repeat(48))), "{picture}");
        assert_eq!(svg(&times).matches("<title>1</title>").count(), 2);
    }
}
