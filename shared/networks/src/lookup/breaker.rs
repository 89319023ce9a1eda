//! A circuit breaker: a source that keeps failing is left alone for a while, so that no customer waits for it.

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open, and how long it waits for its probe, in milliseconds.
const PAUSE: u64 = 30_000;

/// Of one process, at Unix milliseconds. A probe that is never heard of again is followed by another after a pause.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// From then on one more call may be made; of no meaning while the breaker is closed.
    until: u64,
}

impl Breaker {
    /// May a call be made? While open: one probe a pause.
    pub fn admits(&mut self, now: u64) -> bool {
        if self.failures < FAILURES {
            return true;
        }
        let is_due = now >= self.until;
        if is_due {
            self.until = now + PAUSE;
        }
        is_due
    }

    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub fn failed(&mut self, now: u64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.until = now + PAUSE;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule in the words of its definition: what happened, and nothing derived from it.
    #[derive(Default)]
    struct History {
        /// Answers, the latest last.
        outcomes: Vec<bool>,
        /// When the latest failure or probe was.
        latest: u64,
    }

    impl History {
        fn is_open(&self) -> bool {
            self.outcomes.len() >= 5 && self.outcomes.iter().rev().take(5).all(|good| !good)
        }

        fn admits(&self, now: u64) -> bool {
            !self.is_open() || now >= self.latest + 30_000
        }
    }

    proptest! {
        /// A call ends well, ends badly, or is never heard of again (`None`).
        #[test]
        fn five_failures_in_a_row_stop_all_but_a_probe_a_pause(
            calls in prop::collection::vec((0u64..20_000, prop::option::weighted(0.9, prop::bool::weighted(0.2))), 0..200)
        ) {
            let (mut breaker, mut history, mut now) = (Breaker::default(), History::default(), 1_773_342_238_000);
            for (pause, outcome) in calls {
                now += pause;
                let (was_open, admitted) = (history.is_open(), history.admits(now));
                prop_assert_eq!(breaker.admits(now), admitted);
                if !admitted {
                    continue;
                }
                if was_open {
                    history.latest = now;
                }
                match outcome {
                    Some(true) => breaker.succeeded(),
                    Some(false) => {
                        breaker.failed(now);
                        history.latest = now;
                    }
                    None => continue,
                }
                history.outcomes.extend(outcome);
            }
        }
    }

    #[test]
    fn an_open_breaker_lets_one_of_many_through_and_closes_when_that_succeeds() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            assert!(breaker.admits(0));
            breaker.failed(0);
        }
        assert!(!breaker.admits(29_999));
        assert!(breaker.admits(30_000));
        assert!(!breaker.admits(30_000) && !breaker.admits(59_999));
        breaker.succeeded();
        assert!(breaker.admits(59_999) && breaker.admits(59_999));
    }
}
