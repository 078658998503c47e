//! What every engine promises: the same tests, under the same names, on each of them.

mod bounds;
mod pages;
mod readers;
mod support;

use crate::engine::conformance::support::Kind;

/// Runs the tests of each module on each engine.
macro_rules! on_each_engine {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        on_each_engine!(memory Memory $($module { $($name),* })*);
        on_each_engine!(disk Disk $($module { $($name),* })*);
    };
    ($engine:ident $kind:ident $($module:ident { $($name:ident),* })*) => {
        mod $engine {
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$module::$name(super::Kind::$kind).await;
                }
            )*)*
        }
    };
}

on_each_engine! {
    pages {
        numbers_the_logs_of_each_channel_densely,
        publishers_on_all_sides_leave_no_hole,
        stores_a_log_with_the_same_id_once,
        pages_backwards_join_without_a_hole,
        pages_are_bounded_and_have_at_least_one_log,
        deleted_logs_are_gone_and_numbering_continues,
    }
    readers {
        replays_everything_after_a_cursor,
        channels_merge_in_the_order_of_publishing,
        a_tail_begins_with_the_newest_logs,
        reports_exactly_what_was_evicted,
        reports_deleted_logs_as_purged,
        a_live_reader_receives_each_log_once,
        random_histories_are_read_without_a_hole,
    }
    bounds {
        keeps_as_many_logs_as_it_may,
        keeps_as_many_bytes_as_it_may,
        the_newest_log_is_kept_whatever_its_length,
        old_logs_cannot_be_read,
        idle_channels_lose_their_logs_and_keep_their_numbers,
        a_channel_that_left_memory_continues_its_numbers,
        a_workspace_evicts_only_its_own_logs,
        the_workspace_that_holds_most_shrinks_first,
    }
}
