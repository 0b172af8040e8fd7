//! Where the effect of each key is observed: a list that is wrong as soon as a key or a test is not there.
//!
//! What a key says comes into its field is checked for all keys together (`config`); a test that sets the field of a limit observes the key's effect therefore.

use std::fs;
use std::path::Path;

use ros::config::{self, Effect};

/// A test, and the keys whose effect it observes.
struct Observed {
    file: &'static str,
    test: &'static str,
    keys: &'static [&'static str],
}

const OBSERVED: &[Observed] = &[
    Observed {
        file: "tests/access/settings.rs",
        test: "rules_open_partitions_by_name_and_user",
        keys: &["apps.*.rules"],
    },
    Observed {
        file: "tests/access/settings.rs",
        test: "a_frozen_realm_takes_no_class_from_anybody",
        keys: &["access.frozen"],
    },
    Observed {
        file: "tests/access/settings.rs",
        test: "classes_may_be_for_those_who_manage_and_rows_may_add_up",
        keys: &["access.schema", "access.rows"],
    },
    Observed {
        file: "tests/configuration/mod.rs",
        test: "folders_and_keys_are_looked_at",
        keys: &["auth.public_key_path"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "data_is_where_it_is_said",
        keys: &["storage.root_path"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "the_level_of_the_log_decides_what_is_in_it",
        keys: &["logging.level"],
    },
    Observed {
        file: "tests/serve/life.rs",
        test: "the_log_moves_and_the_configuration_changes_while_it_runs",
        keys: &["logging.path", "logging.format"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "no_more_realms_are_kept_open_than_is_said",
        keys: &["performance.max_open_files"],
    },
    Observed {
        file: "tests/http/passwords.rs",
        test: "the_configuration_says_how_short_a_password_may_be",
        keys: &["auth.password_min_length"],
    },
    Observed {
        file: "tests/http/users.rs",
        test: "a_hash_that_does_not_say_its_rounds_has_those_of_the_configuration",
        keys: &["auth.providers.password.iterations"],
    },
    Observed {
        file: "tests/http/permissions.rs",
        test: "the_configuration_switches_it_off",
        keys: &["classic.permissions"],
    },
    Observed {
        file: "tests/http/location.rs",
        test: "a_configured_name_wins",
        keys: &["location.url"],
    },
    Observed {
        file: "tests/http/location.rs",
        test: "only_those_who_are_trusted_say_how_clients_come",
        keys: &["proxy.trusted"],
    },
    Observed {
        file: "tests/serve/listeners.rs",
        test: "everything_listens_where_the_configuration_says",
        keys: &[
            "proxy.https.certificate_path",
            "proxy.https.private_key_path",
        ],
    },
    Observed {
        file: "tests/serve/listeners.rs",
        test: "the_proxy_can_be_switched_off",
        keys: &["proxy.http.enable", "sync.servers"],
    },
    Observed {
        file: "tests/serve/listeners.rs",
        test: "a_pair_that_is_of_no_use_is_refused_with_what_helps",
        keys: &["proxy.https.allow_self_signed"],
    },
    Observed {
        file: "tests/http/classic.rs",
        test: "registration_is_open_only_where_that_is_said",
        keys: &["classic.registration"],
    },
    Observed {
        file: "tests/hostile/files.rs",
        test: "devices_of_another_server_are_held_until_the_operator_decides",
        keys: &["classic.unknown_files"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "an_app_allows_what_it_says",
        keys: &[
            "apps.*.providers.anon-user",
            "apps.*.providers.local-userpass",
            "apps.*.registration",
        ],
    },
    Observed {
        file: "tests/serve/production.rs",
        test: "who_may_only_read_cannot_upload",
        keys: &["apps.*.partitions.read", "apps.*.partitions.write"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "long_heads_are_refused_where_that_is_said",
        keys: &["limits.http_head_bytes"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "wrong_passwords_are_remembered_as_long_and_for_as_many_as_is_said",
        keys: &[
            "limits.wrong_passwords",
            "limits.wrong_passwords_time",
            "limits.wrong_passwords_names",
        ],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "paths_and_tokens_may_be_as_long_as_is_said",
        keys: &["limits.bind_path_bytes", "limits.bind_token_bytes"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "there_are_as_many_connections_as_is_said",
        keys: &["limits.connections"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "messages_are_as_large_as_is_said",
        keys: &["limits.message_bytes"],
    },
    Observed {
        file: "tests/hostile/floods.rs",
        test: "more_than_a_connection_may_have_is_refused",
        keys: &[
            "limits.client_files_per_connection",
            "limits.sessions_per_connection",
        ],
    },
    Observed {
        file: "tests/hostile/floods.rs",
        test: "who_makes_too_many_realms_has_to_wait",
        keys: &["limits.new_realms"],
    },
    Observed {
        file: "tests/hostile/floods.rs",
        test: "an_address_has_so_many_connections_and_no_more",
        keys: &["limits.connections_per_address"],
    },
    Observed {
        file: "tests/hostile/merging.rs",
        test: "what_is_too_much_to_merge_is_reset_and_taken_afterwards",
        keys: &["limits.merge_work"],
    },
    Observed {
        file: "tests/hostile/slow.rs",
        test: "a_head_that_comes_byte_by_byte_is_not_waited_for",
        keys: &["limits.http_head_time"],
    },
    Observed {
        file: "tests/hostile/slow.rs",
        test: "a_body_that_comes_byte_by_byte_is_not_waited_for",
        keys: &["limits.http_body_time"],
    },
    Observed {
        file: "tests/serve/closing.rs",
        test: "it_ends_after_long_silence",
        keys: &["limits.silence"],
    },
    Observed {
        file: "tests/serve/closing.rs",
        test: "it_ends_if_no_token_comes",
        keys: &["limits.token_time"],
    },
    Observed {
        file: "tests/serve/closing.rs",
        test: "it_ends_if_nothing_is_taken",
        keys: &["limits.stall"],
    },
    Observed {
        file: "tests/http/limits.rs",
        test: "a_body_beyond_the_limit_is_refused",
        keys: &["limits.http_body_bytes"],
    },
    Observed {
        file: "tests/http/sign_in.rs",
        test: "who_hangs_up_is_counted_until_the_work_is_done",
        keys: &["limits.password_hashes", "limits.password_line"],
    },
    Observed {
        file: "tests/http/sign_in.rs",
        test: "registrations_from_one_address_have_a_bound",
        keys: &["limits.registrations"],
    },
    Observed {
        file: "src/session/tests/order.rs",
        test: "an_upload_of_too_many_changesets_fails_its_session_alone",
        keys: &["limits.upload_entries"],
    },
    Observed {
        file: "src/session/tests/order.rs",
        test: "the_socket_is_read_while_what_waits_is_within_its_bound",
        keys: &["limits.pending_upload_bytes"],
    },
    Observed {
        file: "src/realm/tests.rs",
        test: "who_is_refused_leaves_nothing_behind_and_takes_nobody_along",
        keys: &["limits.changeset_memory_bytes"],
    },
    Observed {
        file: "src/realm/tests/cost.rs",
        test: "much_work_is_put_off_and_leaves_nothing_behind",
        keys: &["limits.brief_merge_work"],
    },
    Observed {
        file: "src/realm/tests/cost.rs",
        test: "much_memory_is_put_off",
        keys: &["limits.brief_memory_bytes"],
    },
    Observed {
        file: "src/server/writer/tests.rs",
        test: "what_follows_an_upload_that_found_the_lane_full_is_refused",
        keys: &["limits.lane_bytes"],
    },
    Observed {
        file: "src/realm/tests/reciprocal.rs",
        test: "who_is_too_far_behind_is_told_to_reset",
        keys: &["limits.window_bytes"],
    },
    Observed {
        file: "src/realm/tests.rs",
        test: "reading_gives_what_a_client_has_not_seen_and_did_not_make",
        keys: &["limits.tail_bytes"],
    },
    Observed {
        file: "src/realm/tests.rs",
        test: "realms_used_least_recently_forget_what_they_keep",
        keys: &["limits.realms_kept_bytes"],
    },
    Observed {
        file: "tests/soak/bounds.rs",
        test: "memory_follows_the_bounds_and_not_the_number_of_realms",
        keys: &["limits.database_cache_bytes", "limits.fragments_bytes"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "tokens_live_as_long_as_is_said",
        keys: &[
            "apps.*.ttls.access_token",
            "apps.*.ttls.refresh_token",
            "auth.ttls.access_token",
            "auth.ttls.refresh_token",
        ],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "only_who_may_manage_removes_classes",
        keys: &["apps.*.partitions.manage"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "an_app_says_what_becomes_of_devices_of_another_server",
        keys: &["apps.*.unknown_files"],
    },
    Observed {
        file: "tests/commands/token.rs",
        test: "a_new_key_pair_does_not_sign_anybody_out",
        keys: &["auth.private_key_path", "auth.previous_public_keys"],
    },
    Observed {
        file: "tests/configuration/effects.rs",
        test: "each_listener_is_where_it_is_said_or_off",
        keys: &[
            "proxy.http.listen_address",
            "proxy.http.listen_port",
            "proxy.https.listen_address",
            "proxy.https.listen_port",
            "proxy.https.enable",
            "network.http.enable",
            "network.http.listen_address",
            "network.http.listen_port",
            "network.sync.enable",
            "network.sync.listen_address",
            "network.sync.listen_port",
            "metrics.enable",
            "metrics.listen_address",
            "metrics.listen_port",
        ],
    },
    Observed {
        file: "tests/http/api_keys.rs",
        test: "what_is_wrong_with_a_key_is_said",
        keys: &["apps.*.providers.api-key"],
    },
    Observed {
        file: "tests/serve/mail.rs",
        test: "who_has_forgotten_the_password_gets_a_letter",
        keys: &[
            "apps.*.confirmation",
            "mail.url",
            "mail.from",
            "mail.confirm_url",
            "mail.reset_url",
        ],
    },
    Observed {
        file: "tests/serve/audit.rs",
        test: "what_is_done_and_what_is_refused_is_on_record",
        keys: &["logging.audit_path"],
    },
    Observed {
        file: "tests/serve/first.rs",
        test: "nobody_is_invited_where_the_configuration_says_so",
        keys: &["enterprise.skip_setup"],
    },
    Observed {
        file: "tests/serve/first.rs",
        test: "a_start_makes_the_administrator_of_the_configuration_once",
        keys: &["administrator.name", "administrator.password_path"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "an_upload_is_as_large_as_is_said",
        keys: &["limits.upload_bytes"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "a_commit_integrates_as_much_as_is_said",
        keys: &["limits.batch_bytes", "limits.batch_changesets"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "the_write_ahead_log_is_copied_when_it_is_as_long_as_is_said",
        keys: &["limits.checkpoint_bytes"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "what_a_client_has_not_seen_is_kept_as_far_as_is_said",
        keys: &["limits.kept_windows_bytes"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "realms_that_a_user_made_are_remembered_as_long_as_is_said",
        keys: &["limits.new_realms_time"],
    },
    Observed {
        file: "tests/configuration/bounds.rs",
        test: "a_download_ends_where_it_is_said",
        keys: &["limits.download_bytes"],
    },
    Observed {
        file: "tests/configuration/lines.rs",
        test: "large_messages_share_the_memory_that_is_said",
        keys: &[
            "limits.free_message_bytes",
            "limits.intake_bytes",
            "limits.upload_time",
        ],
    },
    Observed {
        file: "tests/configuration/lines.rs",
        test: "large_downloads_share_the_memory_that_is_said",
        keys: &[
            "limits.download_time",
            "limits.downloads_bytes",
            "limits.questions_per_connection",
        ],
    },
    Observed {
        file: "tests/configuration/lines.rs",
        test: "as_much_is_made_for_who_does_not_read_as_is_said",
        keys: &["limits.outgoing_bytes"],
    },
    Observed {
        file: "tests/configuration/lines.rs",
        test: "as_many_threads_read_realms_as_is_said",
        keys: &["limits.realm_threads"],
    },
    Observed {
        file: "tests/configuration/lines.rs",
        test: "as_many_requests_ask_the_database_as_is_said",
        keys: &["limits.http_threads"],
    },
    Observed {
        file: "tests/serve/issuers.rs",
        test: "whom_a_token_names_is_the_same_user_each_time",
        keys: &[
            "apps.*.providers.custom-token",
            "apps.*.custom-token.public_key_paths",
        ],
    },
    Observed {
        file: "tests/serve/issuers.rs",
        test: "what_an_app_looks_at_in_tokens_is_what_is_said",
        keys: &[
            "apps.*.custom-token.secret_path",
            "apps.*.custom-token.audiences",
            "apps.*.custom-token.issuer",
            "apps.*.custom-token.user_claim",
            "apps.*.custom-token.metadata",
        ],
    },
    Observed {
        file: "tests/serve/issuers.rs",
        test: "classic_users_come_with_tokens_of_the_configured_issuer",
        keys: &[
            "auth.providers.jwt.public_key_paths",
            "auth.providers.jwt.secret_path",
            "auth.providers.jwt.audiences",
            "auth.providers.jwt.issuer",
            "auth.providers.jwt.user_claim",
            "auth.providers.jwt.metadata",
            "auth.providers.jwt.admin_claim",
        ],
    },
    Observed {
        file: "tests/serve/issuers.rs",
        test: "keys_are_fetched_where_an_issuer_publishes_them",
        keys: &[
            "apps.*.custom-token.keys_url",
            "auth.providers.jwt.keys_url",
        ],
    },
    Observed {
        file: "tests/http/classic.rs",
        test: "urls_of_other_hosts_are_refused_where_own_names_are_configured",
        keys: &["auth.sync_hosts"],
    },
    Observed {
        file: "tests/http/providers/google.rs",
        test: "whom_google_knows_signs_in_and_nobody_else",
        keys: &[
            "apps.*.providers.oauth2-google",
            "apps.*.oauth2-google.client_ids",
            "apps.*.oauth2-google.keys_url",
            "apps.*.oauth2-google.metadata",
            "auth.providers.google.clientId",
            "auth.providers.google.more_client_ids",
            "auth.providers.google.keys_url",
            "auth.providers.google.metadata",
        ],
    },
    Observed {
        file: "tests/http/providers/google.rs",
        test: "a_code_for_a_server_is_exchanged_where_the_secret_is_known",
        keys: &[
            "apps.*.oauth2-google.client_secret_path",
            "apps.*.oauth2-google.redirect_uri",
            "apps.*.oauth2-google.token_url",
        ],
    },
    Observed {
        file: "tests/http/providers/azuread.rs",
        test: "users_of_the_directory_sign_in_with_tokens_of_both_versions",
        keys: &[
            "auth.providers.azuread.tenant_id",
            "auth.providers.azuread.audiences",
            "auth.providers.azuread.authority",
            "auth.providers.azuread.user_claim",
            "auth.providers.azuread.metadata",
        ],
    },
    Observed {
        file: "tests/http/providers/facebook.rs",
        test: "whom_facebook_knows_signs_in_and_nobody_else",
        keys: &[
            "apps.*.providers.oauth2-facebook",
            "apps.*.oauth2-facebook.graph_url",
            "auth.providers.facebook.graph_url",
        ],
    },
    Observed {
        file: "tests/http/providers/facebook.rs",
        test: "tokens_for_another_app_of_facebook_are_refused_where_the_app_is_known",
        keys: &[
            "apps.*.oauth2-facebook.app_id",
            "apps.*.oauth2-facebook.app_secret_path",
            "auth.providers.facebook.app_id",
            "auth.providers.facebook.app_secret_path",
        ],
    },
    Observed {
        file: "tests/http/providers/others.rs",
        test: "whom_apple_knows_signs_in_to_its_own_app_alone",
        keys: &[
            "apps.*.providers.oauth2-apple",
            "apps.*.oauth2-apple.client_ids",
            "apps.*.oauth2-apple.keys_url",
            "apps.*.oauth2-apple.metadata",
        ],
    },
    Observed {
        file: "tests/http/providers/others.rs",
        test: "whom_cloudkit_knows_signs_in_and_nobody_else",
        keys: &[
            "auth.providers.cloudkit.key_id",
            "auth.providers.cloudkit.private_key_path",
            "auth.providers.cloudkit.container",
            "auth.providers.cloudkit.environment",
            "auth.providers.cloudkit.api_url",
        ],
    },
    Observed {
        file: "tests/http/providers/others.rs",
        test: "whoever_is_named_comes_in_where_anybody_is_allowed",
        keys: &["auth.providers.debug.allow_anybody"],
    },
    Observed {
        file: "tests/http/providers/others.rs",
        test: "a_provider_under_another_name_has_users_of_its_own",
        keys: &[
            "auth.providers.custom/*.implementation",
            "auth.providers.custom/*.*",
        ],
    },
];

#[test]
fn the_effect_of_every_key_is_observed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut listed: Vec<&str> = Vec::new();
    for observed in OBSERVED {
        let text = fs::read_to_string(root.join(observed.file)).unwrap_or_default();
        let (file, test) = (observed.file, observed.test);
        assert!(
            text.contains(&format!("fn {test}(")),
            "{file} has no test {test}"
        );
        listed.extend(observed.keys);
    }
    listed.sort_unstable();
    let twice = listed.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None);
    let works =
        config::all().filter(|key| key.effect == Effect::Works && !is_of_what_is_missing(key.path));
    let mut works: Vec<&str> = works.map(|key| key.path).collect();
    works.sort_unstable();
    assert_eq!(
        listed, works,
        "add what is new to the list above, with the test that observes it"
    );
}

/// Whether a key belongs to a section that this build does not implement.
fn is_of_what_is_missing(path: &str) -> bool {
    let mut missing = config::groups().filter(|group| group.effect == Effect::Missing);
    missing.any(|group| path.starts_with(&format!("{}.", group.path)))
}
