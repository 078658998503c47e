//! Loads a gateway, for `npm run bench -- gateway`, and prints figures as JSON.
//!
//! Every gateway that serves event streams over HTTP/1.1 can be measured in the same way: the paths
//! and the form of a log are arguments. Processor time and memory are those of the processes of
//! `--pid`, read from `/proc`.

mod connection;
mod fan_out;
mod process;
mod publish;
mod target;

use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::process::Watched;
use crate::target::Target;

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open many streams of one channel, and publish logs at a steady rate.
    FanOut(fan_out::Args),
    /// Publish logs as fast as they are confirmed, without readers.
    Publish(publish::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let figures: Value = match Cli::parse().command {
        Command::FanOut(args) => fan_out::run(args).await,
        Command::Publish(args) => publish::run(&args).await,
    };
    println!("{figures}");
}
