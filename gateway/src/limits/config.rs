//! The values of the limits. Zero is no limit.

use std::time::Duration;

use crate::limits::replays::Rates;

/// The values of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Open streams of one user. Anonymous readers have none in common.
    pub streams_per_user: usize,
    /// Open streams of one address, or of one IPv6 network of 64 bits.
    pub streams_per_address: usize,
    /// Open streams with channels of one workspace.
    pub streams_per_workspace: usize,
    /// Logs that are replayed in a second.
    pub replays: Rates,
    /// The time whose share may be replayed at once.
    pub replay_burst: Duration,
    /// What is published with one token.
    pub token: Rate,
    /// What is published to one workspace.
    pub workspace: Rate,
    /// What is published on one channel.
    pub channel: Rate,
    /// The time whose share may be published at once, after a pause of that time.
    pub burst: Duration,
    /// Channels of one workspace on which a log was published.
    pub channels_per_workspace: usize,
    /// The size of a log in bytes, as it is sent and after decompression.
    pub log_bytes: usize,
    /// How long a request may take to send its body.
    pub body_timeout: Duration,
    /// Publishers' requests with a wrong token in a minute, from one address.
    pub auth_failures: usize,
}

/// How much may be published in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// The number of logs.
    pub logs: usize,
    /// The size of logs, in bytes.
    pub bytes: usize,
}

impl Config {
    /// Returns whether the rate of publishing is limited at all.
    pub(crate) fn limits_rates(&self) -> bool {
        [self.token, self.workspace, self.channel] != [Rate::default(); 3]
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            streams_per_user: STREAMS_PER_USER,
            streams_per_address: 0,
            streams_per_workspace: 0,
            replays: Rates { user: USER_REPLAYED_LOGS, address: 0, workspace: 0 },
            replay_burst: REPLAY_BURST,
            token: Rate::default(),
            workspace: Rate::default(),
            channel: Rate::default(),
            burst: BURST,
            channels_per_workspace: 0,
            log_bytes: LOG_BYTES,
            body_timeout: BODY_TIMEOUT,
            auth_failures: AUTH_FAILURES,
        }
    }
}

/// Five pages with fifty streams each. Together they hold about 2 MB.
pub const STREAMS_PER_USER: usize = 256;

/// A user who replays without a pause costs a few hundredths of a core at this rate.
pub const USER_REPLAYED_LOGS: usize = 20_000;

/// With the default rate, the full histories of a hundred channels may be replayed at once.
pub const REPLAY_BURST: Duration = Duration::from_secs(60);

/// Publishers send batches once a second or so, which a limit must not refuse.
pub const BURST: Duration = Duration::from_secs(5);

/// The default size of a log.
pub const LOG_BYTES: usize = MAX_LOG_BYTES;

/// The largest value for the size of a log, for which readers are made.
pub const MAX_LOG_BYTES: usize = 1 << 20;

/// 8 MiB arrive in this time at 7 Mbit/s.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// More than the retries of a publisher whose token has expired.
pub const AUTH_FAILURES: usize = 20;
