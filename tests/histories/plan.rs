//! What shall happen in a history, drawn from its seed: steps of several workers at once, with their mishaps.

use std::time::Duration;

use gateway_tests::faults::{BROKEN, Fault, Order, THROTTLED};

use crate::{bench::Mishap, random::Random};

/// Whose clock is how far ahead: two environments may differ by a minute.
pub const SKEWS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(20)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The handset opens the link.
    Arrive,
    /// It comes back from its operator.
    Return,
    /// The customer shows the handset's proof; with an idempotency key, or without.
    Prove {
        keyed: bool,
    },
    /// The handset asks for a code.
    Send,
    Guess {
        right: bool,
        keyed: bool,
    },
    /// Another customer shows what it stole: the proof, or the code.
    Steal {
        code: bool,
    },
    /// Time passes, for every clock.
    Jump {
        seconds: u64,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub act: Act,
    /// The index of the session.
    pub on: usize,
    pub mishap: Option<Mishap>,
    /// The request comes twice, at the same time.
    pub twice: bool,
}

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Code,
    Silent,
    Both,
}

#[derive(Debug)]
pub struct Plan {
    /// Both sessions for the same number.
    pub one_number: bool,
    pub workers: Vec<Vec<Step>>,
}

pub const SESSIONS: usize = 2;
const STEPS: usize = 9;

impl Plan {
    pub fn draw(random: &mut Random) -> Self {
        let one_number = random.one_in(2);
        let theme = random.pick(&[Theme::Code, Theme::Silent, Theme::Both]);
        let workers = SKEWS.map(|_| (0..STEPS).map(|index| step(random, theme, index)).collect()).into();
        Self { one_number, workers }
    }
}

fn step(random: &mut Random, theme: Theme, index: usize) -> Step {
    // Early steps open a way, later ones walk it.
    let early = index < STEPS / 3;
    let otp = theme == Theme::Code || (theme == Theme::Both && random.one_in(2));
    let act = match random.below(14) {
        0 => Act::Steal { code: random.one_in(2) },
        1 => Act::Jump { seconds: random.pick(&[1, 5, 30, 31]) },
        2 if random.one_in(4) => Act::Jump { seconds: random.pick(&[240, 300, 550, 600]) },
        3..=8 if early && otp => Act::Send,
        3..=8 if early => Act::Arrive,
        3 => Act::Send,
        _ if otp => Act::Guess { right: random.one_in(5), keyed: random.one_in(3) },
        4 => Act::Arrive,
        5..=8 => Act::Return,
        _ => Act::Prove { keyed: random.one_in(3) },
    };
    let mishap = random.one_in(3).then(|| mishap(random));
    Step { act, on: random.below(SESSIONS), mishap, twice: random.one_in(4) }
}

fn mishap(random: &mut Random) -> Mishap {
    let on = random.pick(&["", "", "GetItem", "PutItem", "TransactWriteItems", "Publish"]);
    let skip = random.below(if on.is_empty() { 5 } else { 2 });
    let kills = random.one_in(2);
    let fault = if kills {
        random.pick(&[Fault::Hang, Fault::HangDone])
    } else {
        random.pick(&[Fault::LoseAnswer, Fault::LoseAnswer, Fault::Reset, THROTTLED, BROKEN])
    };
    Mishap { order: Order { on, skip, times: 1, fault }, kills }
}
