//! What several rounds on one or two servers come to: medians, and the first server's share of the second's.

use serde::Serialize;

use super::options::Case;
use super::report::{Percentiles, Run};

/// The first server's median over the second's, for one case; `None` where one of them has no such number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratio {
    #[serde(flatten)]
    pub case: Case,
    pub rate: Option<f64>,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub cpu: Option<f64>,
}

/// For each server and case, in the order of their first appearance, the median of each number by itself.
pub fn medians(runs: &[Run]) -> Vec<Run> {
    let mut medians: Vec<Run> = Vec::new();
    for run in runs {
        let same = |other: &&Run| other.server == run.server && other.case == run.case;
        if medians.iter().any(|median| same(&median)) {
            continue;
        }
        let rounds: Vec<&Run> = runs.iter().filter(same).collect();
        medians.push(of_rounds(run, &rounds));
    }
    medians
}

fn of_rounds(first: &Run, rounds: &[&Run]) -> Run {
    let number = |of: &dyn Fn(&Run) -> Option<f64>| median(rounds.iter().filter_map(|run| of(run)).collect());
    let whole = |of: &dyn Fn(&Run) -> Option<f64>| number(of).map(|value| value.round() as u64);
    let latency = |of: fn(&Percentiles) -> f64| number(&|run| run.latency_us.as_ref().map(of));
    let percentiles = |p50| {
        Some(Percentiles {
            p50,
            p99: latency(|latency| latency.p99)?,
            p99_9: latency(|latency| latency.p99_9)?,
            max: latency(|latency| latency.max)?,
        })
    };
    Run {
        server: first.server.clone(),
        round: None,
        case: first.case,
        messages: whole(&|run| Some(run.messages as f64)).unwrap_or_default(),
        seconds: number(&|run| Some(run.seconds)).unwrap_or_default(),
        messages_per_second: number(&|run| Some(run.messages_per_second)).unwrap_or_default(),
        latency_us: latency(|latency| latency.p50).and_then(percentiles),
        server_cpu_seconds: number(&|run| run.server_cpu_seconds),
        server_cpu_seconds_per_million: number(&|run| run.server_cpu_seconds_per_million),
        server_memory_bytes: whole(&|run| run.server_memory_bytes.map(|bytes| bytes as f64)),
        client_cpu_seconds: number(&|run| Some(run.client_cpu_seconds)).unwrap_or_default(),
    }
}

/// The ratios of the cases for which both servers have a median.
pub fn ratios(medians: &[Run], first: &str, second: &str) -> Vec<Ratio> {
    let of = |label: &str, case: Case| medians.iter().find(|run| run.server == label && run.case == case);
    medians
        .iter()
        .filter(|run| run.server == first)
        .filter_map(|a| {
            let b = of(second, a.case)?;
            let latency =
                |of: fn(&Percentiles) -> f64| ratio(a.latency_us.as_ref().map(of), b.latency_us.as_ref().map(of));
            Some(Ratio {
                case: a.case,
                rate: ratio(Some(a.messages_per_second), Some(b.messages_per_second)),
                p50: latency(|latency| latency.p50),
                p99: latency(|latency| latency.p99),
                cpu: ratio(a.server_cpu_seconds_per_million, b.server_cpu_seconds_per_million),
            })
        })
        .collect()
}

fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let ratio = a? / b?;
    ratio.is_finite().then_some(ratio)
}

/// The middle value, or the mean of the middle two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        for (values, middle) in [
            (vec![], None),
            (vec![3.0], Some(3.0)),
            (vec![900.0, 1.0, 2.0], Some(2.0)),
            (vec![4.0, 1.0, 2.0, 90.0], Some(3.0)),
        ] {
            assert_eq!(median(values.clone()), middle, "{values:?}");
        }
    }

    #[test]
    fn a_ratio_to_nothing_is_none() {
        assert_eq!(ratio(Some(1.0), Some(4.0)), Some(0.25));
        for (a, b) in [(None, Some(1.0)), (Some(1.0), None), (Some(1.0), Some(0.0)), (Some(0.0), Some(0.0))] {
            assert_eq!(ratio(a, b), None);
        }
    }
}
