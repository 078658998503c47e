//! What leaves memory: logs when histories exceed their limits, and channels that are idle.

use std::sync::{Arc, PoisonError, TryLockError};

use crate::hub::Hub;
use crate::hub::channel::Channel;
use crate::hub::clock::micros;
use crate::hub::config::Config;
use crate::hub::ledger::Workspace;

impl Hub {
    /// Drops what is too old, idle or too many. To be called every few seconds.
    pub fn sweep(&self) {
        let config = self.config();
        if config.history_age.is_some() {
            // Looking at a history drops what is too old.
            self.channels.all().iter().for_each(|channel| drop(channel.history()));
        }
        self.engine.sweep();
        if let Some(idle) = config.history_idle {
            let time = self.ledger.clock.micros().saturating_sub(micros(idle));
            self.channels.remove_idle_since(time);
        }
        self.channels.shrink(config.max_channels);
    }

    /// Removes channels from memory if there are too many.
    pub(super) fn evict_channels(&self) {
        let limit = self.config().max_channels;
        if self.channels.len() > limit
            && let Some(_trimming) = self.try_trimming()
        {
            self.channels.shrink(limit);
        }
    }

    /// Drops logs if a limit is exceeded after a log of `workspace`.
    pub(super) fn trim_if_needed(&self, workspace: &Workspace) {
        let config = self.ledger.config.load();
        let is_over =
            config.history_workspace_bytes.is_some_and(|max| workspace.held_bytes() > max);
        if is_over || self.ledger.held_bytes() > config.history_total_bytes {
            self.trim(&config);
        }
    }

    /// Drops logs if the limit of all histories is exceeded, or any workspace's.
    pub(super) fn trim_if_over(&self, config: &Config) {
        self.trim(config);
    }

    /// Drops logs of the workspaces that hold most, in each those of the channels that have been
    /// quiet longest.
    ///
    /// Frees somewhat more than it must, since it visits all channels.
    fn trim(&self, config: &Config) {
        let Some(_trimming) = self.try_trimming() else { return };
        let all = self.ledger.by_workspace();
        let held: Vec<_> = all.iter().map(|(_, bytes)| *bytes).collect();
        let share = if self.ledger.held_bytes() > config.history_total_bytes {
            fair_share(&held, less(config.history_total_bytes))
        } else {
            usize::MAX
        };
        let quota = config.history_workspace_bytes.unwrap_or(usize::MAX);
        for (workspace, held) in all {
            let limit = if held > quota { share.min(less(quota)) } else { share };
            if held > limit {
                self.trim_workspace(&workspace, limit);
            }
        }
    }

    fn trim_workspace(&self, workspace: &Arc<Workspace>, limit: usize) {
        let mut channels: Vec<Arc<Channel>> = self.channels.all();
        channels.retain(|channel| Arc::ptr_eq(channel.workspace(), workspace));
        channels.sort_by_cached_key(|channel| channel.history().last_order());
        let last = channels.pop();
        for channel in channels {
            if workspace.held_bytes() <= limit {
                return;
            }
            channel.drop_lines();
        }
        // The channel that is busiest keeps its newest logs.
        if let Some(channel) = last {
            channel.drop_bytes(workspace.held_bytes().saturating_sub(limit));
        }
        tracing::debug!(workspace = workspace.name().as_str(), limit, "history dropped");
    }

    /// Returns a guard unless another thread is at it.
    fn try_trimming(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
        match self.trimming.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Returns somewhat less than a limit.
pub(crate) fn less(limit: usize) -> usize {
    limit / 16 * 15
}

/// Returns the largest share that each can have at most, so that all fit into `total`: those who
/// hold less keep everything.
pub(crate) fn fair_share(held: &[usize], total: usize) -> usize {
    let mut held = held.to_vec();
    held.sort_unstable();
    let mut left = total;
    for (index, bytes) in held.iter().enumerate() {
        let share = left / (held.len() - index);
        if *bytes > share {
            return share;
        }
        left -= bytes;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn those_who_hold_less_keep_everything() {
        assert_eq!(fair_share(&[10, 500, 20], 100), 70);
        assert_eq!(fair_share(&[10, 20], 100), usize::MAX);
        assert_eq!(fair_share(&[100, 100], 100), 50);
    }

    proptest! {
        #[test]
        fn all_shares_fit_and_nothing_is_left_over(
            held in prop::collection::vec(0_usize..1_000, 1..20),
            total in 0_usize..10_000,
        ) {
            let share = fair_share(&held, total);
            let kept: usize = held.iter().map(|bytes| share.min(*bytes)).sum();
            prop_assert!(kept <= total || share == usize::MAX && held.iter().sum::<usize>() <= total);
            prop_assert!(share == usize::MAX || total - kept < held.len());
        }
    }
}
