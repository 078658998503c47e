//! Counts the channels of each workspace on which a log was published.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use logs_sse_core::channel::Id;

/// The number of channels of each workspace. A workspace without one needs no memory.
#[derive(Debug, Default)]
pub(crate) struct Workspaces(Mutex<HashMap<Id, usize>>);

impl Workspaces {
    /// Counts a channel on which the first log was published.
    pub(crate) fn add(&self, workspace: &Id) {
        let mut counts = self.counts();
        match counts.get_mut(workspace) {
            Some(count) => *count += 1,
            None => drop(counts.insert(workspace.clone(), 1)),
        }
    }

    /// Records that the hub forgets a channel that was counted.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the hub that forgets idle channels"))]
    pub(crate) fn remove(&self, workspace: &Id) {
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(workspace) {
            *count -= 1;
            if *count == 0 {
                counts.remove(workspace);
            }
        }
    }

    /// Returns the number of channels of `workspace` on which a log was published.
    pub(crate) fn count(&self, workspace: &Id) -> usize {
        self.counts().get(workspace).copied().unwrap_or_default()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Id, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_without_channels_is_forgotten() {
        let workspaces = Workspaces::default();
        let id = Id::parse("workspace_id", "w").expect("an id");
        workspaces.add(&id);
        workspaces.add(&id);
        assert_eq!(workspaces.count(&id), 2);
        workspaces.remove(&id);
        workspaces.remove(&id);
        workspaces.remove(&id);
        assert!(workspaces.count(&id) == 0 && workspaces.counts().is_empty());
    }
}
