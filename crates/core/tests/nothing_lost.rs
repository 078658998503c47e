//! No log is lost or shown twice: random histories of faults, checked by an oracle that knows
//! everything that was published.
//!
//! `LOGS_SCENARIOS=1000000` runs more; a failing seed prints the command that replays it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fastrand::Rng;
use logs_sse_core::connection::{Input, Page};
use support::world::{Proxy, Verdict, World};

/// Runs one scenario: a page connects, dozens of faults happen to it, and everything recovers.
fn scenario(seed: u64) -> Result<Verdict, String> {
    let mut chance = Rng::with_seed(seed);
    let history = [5, 20, 200, 10_000][chance.usize(0..4)];
    let mut world = World::new(seed, history);
    world.model.reports_received = chance.bool();
    world.session.set_tail([0, 0, 3, 1_000][chance.usize(0..4)]);
    if chance.u32(0..3) == 0 {
        world.proxy = Proxy::ALL[chance.usize(0..Proxy::ALL.len())];
    }
    world.publish(chance.usize(0..30));
    world.input(Input::Connect);
    world.deliver(usize::MAX);
    for _ in 0..chance.usize(5..80) {
        step(&mut world, &mut chance);
    }
    world.heal();
    if !world.is_open() {
        return Err(format!("not open after everything recovered: {:?}", world.session.state()));
    }
    world.judge()
}

fn step(world: &mut World, chance: &mut Rng) {
    let millis = |chance: &mut Rng, most: u64| Duration::from_millis(chance.u64(0..most));
    match chance.u32(0..100) {
        0..25 => world.publish(chance.usize(1..12)),
        25..45 => world.deliver(chance.usize(1..20)),
        45..55 => world.pass(millis(chance, 3_000)),
        55..60 => world.pass(millis(chance, 60_000)),
        60..65 => world.cut(),
        65..67 => world.go_dead(),
        67..70 => world.lose_next_log(),
        70..73 => world.double_next(),
        73..75 => world.skip(chance.u64(0..5)),
        75..77 => world.kill_gateway(),
        77..81 => world.model.start(),
        81..83 => world.say_bye(
            ["shutdown", "rotation", "slow", "expired"][chance.usize(0..4)],
            // Of the credentials that expire, half are retried at once.
            if chance.bool() { 0 } else { chance.u64(0..5_000) },
        ),
        83..85 => world.input(Input::Network(chance.bool())),
        85..87 => world.input(Input::RetryNow),
        87..89 => world.answer_probe(),
        89..91 => world.sleep(millis(chance, 4_000_000)),
        91..94 => world
            .page([Page::Hidden, Page::Visible, Page::Frozen, Page::Resumed][chance.usize(0..4)]),
        94..96 => world.call_back_late(chance.usize(0..8)),
        96..97 if chance.bool() => world.proxy = Proxy::ALL[chance.usize(0..Proxy::ALL.len())],
        96..97 => world.input(Input::Disconnect),
        97..99 => world.input(Input::Connect),
        _ => world.input(Input::Timeout),
    }
}

#[test]
fn every_log_is_shown_once_in_order_or_counted_by_a_gap_row() {
    if let Some(seed) = std::env::var("LOGS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        scenario(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        return;
    }
    let count: u64 =
        std::env::var("LOGS_SCENARIOS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let mut promised = 0;
    let mut in_gaps = 0;
    for seed in 0..count {
        let result = catch_unwind(AssertUnwindSafe(|| scenario(seed)))
            .unwrap_or_else(|_| Err("panicked, see above".into()));
        let verdict = result.unwrap_or_else(|why| {
            panic!("seed {seed}: {why}\nreplay: LOGS_SEED={seed} cargo test -p logs-sse-core --test nothing_lost")
        });
        promised += verdict.promised;
        in_gaps += verdict.in_gaps;
    }
    println!(
        "{count} scenarios: {promised} logs promised, {} shown once and in order, {in_gaps} in gap rows",
        promised - in_gaps
    );
    assert!(
        count < 1_000 || (promised > 0 && in_gaps > 0),
        "the simulation must promise logs and lose some"
    );
}
