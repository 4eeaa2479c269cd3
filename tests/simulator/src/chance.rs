//! Chance from a seed: each entity has a stream of its own, so that one more state changes nobody else's draws.

use model::Digest;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// The lot of one entity: 32 bytes from which all of its draws follow. Small, so that each open case keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot([u8; 32]);

impl Lot {
    /// That of the entity `name` in a run with `seed`.
    pub fn of(seed: u64, name: &str) -> Self {
        Self(*Digest::of(&[b"rogatory-simulator/1", &seed.to_le_bytes(), name.as_bytes()]).as_bytes())
    }

    /// The draws at one place of the entity's life. Two places share nothing, so that a step that falls away in another scenario leaves
    /// the draws of all others as they were: what makes two runs with one seed a pair.
    pub fn at(self, place: u64) -> Chance {
        let mut draws = ChaCha8Rng::from_seed(self.0);
        draws.set_stream(place);
        Chance(draws)
    }
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Between 0 and 1, neither included.
    pub fn unit(&mut self) -> f64 {
        // 53 bits, in the middle of their cell.
        ((self.bits() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Whether something happens that happens with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Less than `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is less than 2^-32 for any list that fits into memory.
        if end == 0 { 0 } else { self.bits() % end }
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Normal with mean 0 and deviation 1 (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_an_entity_do_not_depend_on_who_else_there_is() {
        let lot = Lot::of(7, "pair/JP/FR");
        let first: Vec<_> = (0..3).map(|place| lot.at(place).bits()).collect();
        let _other = Lot::of(7, "pair/JP/GB").at(0).bits();
        assert_eq!(first, (0..3).map(|place| lot.at(place).bits()).collect::<Vec<_>>());
        assert_ne!(lot, Lot::of(8, "pair/JP/FR"));
    }

    #[test]
    fn the_generator_is_the_one_that_results_were_made_with_stable() {
        assert_eq!(Lot::of(1, "a").at(0).bits(), 3_449_564_394_351_569_951);
    }

    #[test]
    fn normal_draws_have_mean_0_and_deviation_1() {
        let mut chance = Lot::of(1, "normal").at(0);
        let draws: Vec<f64> = (0..100_000).map(|_| chance.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
