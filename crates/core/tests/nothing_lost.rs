//! Nothing lost, nothing doubled: random histories of faults, judged by an oracle that has seen all
//! that was published.
//!
//! `LOGS_SCENARIOS=1000000` runs more; a failing seed prints the command that replays it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fastrand::Rng;
use logs_sse_core::connection::{Input, Page};
use support::world::World;

/// One scenario: a page that is connected, some tens of things that happen to it, and then peace.
fn scenario(seed: u64) -> Result<(usize, usize), String> {
    let mut chance = Rng::with_seed(seed);
    let history = [5, 20, 200, 10_000][chance.usize(0..4)];
    let mut world = World::new(seed, history);
    world.drops_resume = chance.u32(0..8) == 0;
    world.publish(chance.usize(0..30));
    world.input(Input::Connect);
    world.deliver(usize::MAX);
    for _ in 0..chance.usize(5..80) {
        step(&mut world, &mut chance);
    }
    world.heal();
    if !world.is_open() {
        return Err(format!("not open after all is well: {:?}", world.session.state()));
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
        81..83 => world
            .say_bye(["shutdown", "rotation", "slow"][chance.usize(0..3)], chance.u64(0..5_000)),
        83..85 => world.input(Input::Network(chance.bool())),
        85..87 => world.input(Input::RetryNow),
        87..89 => world.answer_probe(),
        89..91 => world.sleep(millis(chance, 4_000_000)),
        91..94 => world
            .page([Page::Hidden, Page::Visible, Page::Frozen, Page::Resumed][chance.usize(0..4)]),
        94..96 => world.call_back_late(chance.usize(0..8)),
        96..97 if chance.bool() => world.drops_resume = chance.bool(),
        96..97 => world.input(Input::Disconnect),
        97..99 => world.input(Input::Connect),
        _ => world.input(Input::Timeout),
    }
}

#[test]
fn every_log_is_shown_once_and_in_order_or_lies_in_a_gap_of_its_size() {
    if let Some(seed) = std::env::var("LOGS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        scenario(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        return;
    }
    let count: u64 =
        std::env::var("LOGS_SCENARIOS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let (mut promised, mut in_gaps) = (0, 0);
    for seed in 0..count {
        let done = catch_unwind(AssertUnwindSafe(|| scenario(seed)))
            .unwrap_or_else(|_| Err("it panicked, see above".into()));
        let (all, missing) = done.unwrap_or_else(|why| {
            panic!("seed {seed}: {why}\nreplay: LOGS_SEED={seed} cargo test --no-default-features -p logs-sse-client --test nothing_lost")
        });
        promised += all;
        in_gaps += missing;
    }
    println!(
        "{count} scenarios: {promised} logs promised, {} shown once and in order, {in_gaps} in gap rows",
        promised - in_gaps
    );
    assert!(
        count < 1_000 || (promised > 0 && in_gaps > 0),
        "a simulation in which nothing happens proves nothing"
    );
}
