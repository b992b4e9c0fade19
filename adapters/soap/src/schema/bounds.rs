//! How often each part of a group occurs, counted over its particles.
//!
//! **Invariant.** Bounds are exact for sequences and choices; what a wildcard holds is not counted.

use kernel::{Occurs, PartId, Particle};
use std::collections::HashMap;

/// Returns how often each part occurs in its group.
///
/// Parts of a sequence add up; of a choice only what every alternative demands is demanded.
pub(crate) fn effective(content: &Particle) -> HashMap<PartId, Occurs> {
    let mut all = HashMap::new();
    count(content, &mut all);
    all
}

fn count(particle: &Particle, into: &mut HashMap<PartId, Occurs>) {
    match particle {
        Particle::Part(id, occurs) => {
            into.insert(*id, *occurs);
        }
        Particle::Any(_) => {}
        Particle::Sequence(inner, occurs) | Particle::All(inner, occurs) => {
            for particle in inner {
                for (id, add) in effective(particle) {
                    into.entry(id).and_modify(|sum| *sum = plus(*sum, add)).or_insert(add);
                }
            }
            into.values_mut().for_each(|inner| *inner = inner.times(*occurs));
        }
        Particle::Choice(inner, occurs) => {
            let mut seen: HashMap<PartId, usize> = HashMap::new();
            for particle in inner {
                for (id, add) in effective(particle) {
                    *seen.entry(id).or_default() += 1;
                    into.entry(id).and_modify(|either| *either = or(*either, add)).or_insert(add);
                }
            }
            for (id, either) in into.iter_mut() {
                if seen.get(id) != Some(&inner.len()) {
                    either.min = 0;
                }
                *either = either.times(*occurs);
            }
        }
    }
}

fn plus(a: Occurs, b: Occurs) -> Occurs {
    let max = a.max.zip(b.max).map(|(a, b)| a.saturating_add(b));
    Occurs { min: a.min.saturating_add(b.min), max }
}

fn or(a: Occurs, b: Occurs) -> Occurs {
    Occurs { min: a.min.min(b.min), max: a.max.zip(b.max).map(|(a, b)| a.max(b)) }
}

/// Puts other parts into the place of some.
pub(crate) fn replace(particle: &mut Particle, by: &HashMap<PartId, PartId>) {
    match particle {
        Particle::Part(id, _) => *id = by.get(id).copied().unwrap_or(*id),
        Particle::Any(_) => {}
        Particle::Sequence(inner, _) | Particle::All(inner, _) | Particle::Choice(inner, _) => {
            inner.iter_mut().for_each(|particle| replace(particle, by));
        }
    }
}

/// How many particles there are in all.
pub(crate) fn size(particle: &Particle) -> usize {
    match particle {
        Particle::Part(..) | Particle::Any(_) => 1,
        Particle::Sequence(inner, _) | Particle::All(inner, _) | Particle::Choice(inner, _) => {
            1 + inner.iter().map(size).sum::<usize>()
        }
    }
}
