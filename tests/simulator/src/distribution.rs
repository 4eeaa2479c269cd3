//! How long people take: a shape, and where its numbers come from.

use std::fmt;

use crate::chance::Chance;

/// The 90 % quantile of the standard normal distribution.
const Z90: f64 = 1.281_551_565_544_600_4;

/// How a quantity is distributed. What it is in (hours, days, kB) says who uses it.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Fixed(f64),
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: f64,
    },
    /// Lognormal: most are short, and a few are very long.
    Lognormal {
        /// Half are less.
        median: f64,
        /// Nine of ten are less.
        p90: f64,
    },
    /// Gamma.
    Gamma {
        /// Its mean.
        mean: f64,
        /// Its shape: 1 is exponential, more is narrower.
        shape: f64,
    },
    /// As observed: shares from 0 to 1, and the value below which that share lies; straight between.
    Quantiles(Vec<(f64, f64)>),
}

impl Distribution {
    /// One draw. Never negative.
    pub fn draw(&self, chance: &mut Chance) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Exponential { mean } => mean * chance.exponential(),
            Self::Lognormal { median, p90 } => {
                let sigma = libm::log(p90 / median) / Z90;
                median * libm::exp(sigma * chance.normal())
            }
            Self::Gamma { mean, shape } => mean / shape * gamma(*shape, chance),
            Self::Quantiles(points) => between(points, chance.unit()),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(value) => write!(f, "always {value}"),
            Self::Exponential { mean } => write!(f, "exponential, mean {mean}"),
            Self::Lognormal { median, p90 } => write!(f, "lognormal, median {median}, 9 of 10 below {p90}"),
            Self::Gamma { mean, shape } => write!(f, "gamma, mean {mean}, shape {shape}"),
            Self::Quantiles(points) => {
                let points: Vec<_> = points.iter().map(|(share, value)| format!("{share}: {value}")).collect();
                write!(f, "as observed ({})", points.join(", "))
            }
        }
    }
}

/// Gamma with scale 1 (Marsaglia and Tsang 2000). Below a shape of 1 by the power of a uniform draw.
fn gamma(shape: f64, chance: &mut Chance) -> f64 {
    if shape < 1.0 {
        let smaller = libm::pow(chance.unit(), 1.0 / shape);
        return smaller * gamma(shape + 1.0, chance);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    // One try in twenty fails at the most.
    for _ in 0..1000 {
        let x = chance.normal();
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        if libm::log(chance.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
    d
}

fn between(points: &[(f64, f64)], share: f64) -> f64 {
    let after = points.iter().position(|(at, _)| *at >= share);
    match (after.and_then(|at| at.checked_sub(1)).and_then(|at| points.get(at)), after.and_then(|at| points.get(at))) {
        (Some((from, low)), Some((to, high))) => low + (high - low) * (share - from) / (to - from),
        (None, Some((_, value))) => *value,
        _ => points.last().map_or(0.0, |(_, value)| *value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Lot;

    fn draws(distribution: &Distribution) -> Vec<f64> {
        let mut chance = Lot::of(3, "draws").at(0);
        let mut all: Vec<_> = (0..40_000).map(|_| distribution.draw(&mut chance)).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.03 * expected, "{found} instead of {expected}");
    }

    #[test]
    fn a_lognormal_has_the_median_and_the_tenth_that_are_written() {
        let all = draws(&Distribution::Lognormal { median: 40.0, p90: 200.0 });
        near(all[20_000], 40.0);
        near(all[36_000], 200.0);
    }

    #[test]
    fn a_gamma_has_its_mean_and_its_shape_its_variance() {
        for shape in [0.5, 3.0] {
            let all = draws(&Distribution::Gamma { mean: 12.0, shape });
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / all.len() as f64;
            near(mean, 12.0);
            assert!((variance / (144.0 / shape) - 1.0).abs() < 0.06, "{variance}");
        }
    }

    #[test]
    fn observed_quantiles_come_back() {
        let all = draws(&Distribution::Quantiles(vec![(0.0, 1.0), (0.5, 20.0), (1.0, 400.0)]));
        near(all[20_000], 20.0);
        near(all[30_000], 210.0);
    }
}
