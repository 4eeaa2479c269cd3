//! One suite over both engines, and what only one of them can show.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod conformance;
mod migration;
mod postgres;
mod register;
mod shredding;
mod trouble;

use store::{DatabaseUrl, Settings, desk::DeskStore, gateway::GatewayStore};

/// A place for a database of one test.
enum Place {
    Folder(tempfile::TempDir),
    Server(std::sync::Arc<postgres::Server>, String),
}

impl Place {
    fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    async fn server(name: &str) -> Self {
        let server = postgres::Server::shared();
        server.create_database(name).await;
        Self::Server(server, name.to_owned())
    }

    fn url(&self) -> DatabaseUrl {
        match self {
            Self::Folder(folder) => DatabaseUrl::file(folder.path().join("store.db")),
            Self::Server(server, name) => server.url(name),
        }
    }

    async fn gateway(&self) -> GatewayStore {
        GatewayStore::open(&self.url(), &Settings::default()).await.unwrap()
    }

    async fn desk(&self) -> DeskStore {
        DeskStore::open(&self.url(), &Settings::default()).await.unwrap()
    }
}

macro_rules! on_both_engines {
    ($store:ident: $($name:ident,)+) => {
        mod $store {
            mod on_sqlite {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let place = crate::Place::folder();
                        crate::conformance::$store::$name(&place.$store().await).await;
                    }
                )+
            }

            mod on_postgresql {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let database = concat!(stringify!($store), "_", stringify!($name));
                        // A name of PostgreSQL has at most 63 bytes.
                        let place = crate::Place::server(&database[..database.len().min(63)]).await;
                        crate::conformance::$store::$name(&place.$store().await).await;
                    }
                )+
            }
        }
    };
}

on_both_engines! { gateway:
    what_is_committed_is_read_back,
    requests_and_distinct_subjects_are_counted_by_direction_type_and_period,
    a_repeated_batch_changes_nothing,
    a_plan_that_is_executed_again_changes_nothing,
    a_case_that_moved_is_a_conflict_and_nothing_is_written,
    a_batch_that_is_half_there_is_a_conflict,
    another_entry_under_a_used_id_is_a_conflict,
    another_leaf_at_a_used_index_is_a_conflict,
    what_evidence_needs_is_found_by_case_and_party,
    a_verdict_keeps_what_it_does_not_say,
    the_outbox_gives_what_is_due_in_order,
    a_stream_of_deliveries_is_taken_up_from_any_cursor,
    a_reader_of_deliveries_misses_none_of_two_writers,
    no_two_callers_claim_the_same_key_package,
    a_gateway_knows_how_far_a_desk_was_and_takes_back_its_key_packages,
    a_thousand_plans_fit_in_one_batch,
    a_status_counts_cases_and_refusals,
    a_cosignature_is_never_lost,
    heads_are_kept_once_and_found_with_who_cosigned_over_them,
    of_two_heads_for_one_place_a_witness_keeps_one,
    cases_of_another_fold_are_found_page_by_page,
    evidence_is_kept_for_good_and_is_open_again_when_it_is_seen_again,
    entries_that_were_refused_are_kept_by_their_envelopes_as_far_as_their_case_has_room,
    no_heap_of_lies_takes_the_room_of_what_convicts,
    the_oldest_receipt_without_a_leaf_is_found_until_its_leaf_comes,
    what_is_awaited_is_found_among_more_than_one_statement_asks_for_and_only_what_has_a_row,
    receipts_and_leaves_on_more_entries_than_one_statement_asks_for_are_all_found,
    a_leaf_is_found_by_the_entry_that_it_names_or_by_the_receipts_of_the_entry,
    leaves_of_many_turns_are_read_in_any_range_and_by_their_numbers,
    leaves_that_are_told_again_in_other_turns_stay_and_another_one_among_them_is_a_conflict,
    a_second_word_on_a_retrieval_is_a_conflict_and_nothing_is_written,
    entries_whose_time_is_over_and_that_nobody_opened_are_found_in_its_order_page_by_page,
    what_refused_an_entry_is_found_among_all_that_is_kept_and_the_newest_are_read_backwards,
    the_first_stamp_on_a_head_stays,
    a_channel_is_written_whole,
    which_program_a_gateway_runs_is_kept_when_it_changes_and_only_so_often,
    a_file_is_announced_once_and_named_by_an_entry_once_it_is_complete,
    what_files_weigh_is_counted_by_case_and_by_desk,
    what_is_to_be_fetched_is_due_in_order_put_off_and_given_up,
    files_of_a_case_that_moved_are_looked_at_and_of_no_other,
}

on_both_engines! { desk:
    a_key_that_is_shredded_takes_its_body_with_it_and_is_never_written_again,
    what_is_kept_for_a_notice_is_kept_once_and_goes_by_its_entry_its_case_or_its_time,
    what_a_desk_commits_is_read_back,
    a_repeated_desk_batch_changes_nothing,
    a_draft_that_moved_is_a_conflict_and_nothing_is_written,
    the_later_change_of_an_mls_value_wins,
    a_used_key_package_has_no_private_keys,
    what_is_forgotten_after_a_restore_is_gone_and_errands_wait_in_order,
    where_another_leaf_stands_is_found_page_by_page_and_without_parties_that_are_away,
    proposals_and_outbox_end_in_one_commit,
    what_is_sent_by_two_tasks_waits_apart,
    subjects_that_were_looked_up_are_counted_whatever_came_of_it,
    those_who_watch_miss_no_event,
    the_clocks_that_are_due_are_found_in_order_and_each_is_written_whole,
    an_agenda_is_read_page_by_page_each_open_clock_once,
    a_list_is_read_page_by_page_each_case_and_draft_once_the_newest_first,
    a_case_that_changes_between_two_pages_is_on_one_of_them,
    what_officers_pledge_is_written_whole_and_deleted,
    who_follows_a_case_is_found_by_it,
    a_call_is_noted_with_what_it_changed_and_answered_once,
    a_batch_that_fails_notes_no_call,
    a_webhook_is_noted_only_by_who_knows_how_far_it_is,
    old_events_are_forgotten_from_the_oldest_on_and_it_is_known_up_to_where,
    a_desk_keeps_one_key_for_a_file_of_a_case_and_forgets_it,
}
