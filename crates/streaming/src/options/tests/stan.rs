//! Command lines and files made for NATS Streaming.

use super::*;

#[test]
fn the_notes_command_line_starts_it_verbatim() {
    let words = "-p 4222 -m 8222 -hbi 5s -hbt 5s -hbf 2 -SD -cid ticketing";
    let told = options(&words.split(' ').collect::<Vec<_>>(), &[], &[]);
    let stan = told.stan.expect("the face is on");
    assert_eq!(stan.cluster_id, "ticketing");
    assert_eq!((stan.heartbeat_interval, stan.heartbeat_timeout), (Duration::from_secs(5), Duration::from_secs(5)));
    assert_eq!((stan.heartbeat_fail_count, stan.debug, stan.store), (2, true, StanStore::Memory));
    assert!(told.jetstream.expect("and what it stands on").in_memory);
    assert_eq!(told.monitor.expect("monitoring").port, 8222);
}

#[test]
fn one_dash_or_two_and_every_limit() {
    for words in [
        &["-st", "FILE", "-dir", "d", "-mc", "1", "-msu", "2", "-mm", "3", "-mb", "1KB", "-ma", "4s", "-mi", "5s"][..],
        &[
            "--store=file",
            "--dir=d",
            "--max_channels=1",
            "--max_subs=2",
            "--max_msgs=3",
            "--max_bytes=1KB",
            "--max_age=4s",
            "--max_inactivity=5s",
            "--file_sync",
            "--file_buffer_size=2MB",
            "--file_crc=false",
        ],
    ] {
        let told = options(words, &[], &[]);
        let stan = told.stan.expect("the face is on");
        assert_eq!((stan.store, stan.max_channels), (StanStore::File, Some(1)));
        let limits = ChannelLimits {
            max_messages: Some(3),
            max_bytes: Some(1024),
            max_age: Some(Duration::from_secs(4)),
            max_subscriptions: Some(2),
            max_inactivity: Some(Duration::from_secs(5)),
        };
        assert_eq!(stan.limits, limits);
        let jetstream = told.jetstream.expect("streams");
        assert_eq!(
            (jetstream.store_dir.to_str(), jetstream.in_memory, jetstream.sync),
            (Some("d"), false, Sync::Always)
        );
    }
    let unlimited = options(&["-cid", "c", "-mc", "0", "-mm", "0"], &[], &[]).stan.expect("the face is on");
    assert_eq!((unlimited.max_channels, unlimited.limits.max_messages), (None, None));
    assert_eq!(options(&["-js"], &[], &[]).stan, None, "nobody asked for it");
}

#[test]
fn the_file_has_its_block_with_limits_by_channel() {
    let file = "
        streaming {
          cid: ticketing, store: file, datastore: d, sd: true, hbi: 5s
          limits {
            mc: 10, max_msgs: 100
            channels { \"foo.*\": { mm: 7, max_age: 1h }, bar: { max_bytes: -1, msu: 0 } }
          }
          file_options { sync: false, buffer_size: 2MB }
        }";
    let told = options(&["-sc", "f", "-hbi", "7s"], &[], &[("f", file)]);
    let stan = told.stan.expect("the face is on");
    assert_eq!((stan.cluster_id.as_str(), stan.debug, stan.max_channels), ("ticketing", true, Some(10)));
    assert_eq!(stan.heartbeat_interval, Duration::from_secs(7), "typed, it counts more");
    assert_eq!(stan.limits_of("foo.bar").max_messages, Some(7));
    assert_eq!(stan.limits_of("foo.bar").max_age, Some(Duration::from_hours(1)));
    assert_eq!((stan.limits_of("bar").max_bytes, stan.limits_of("bar").max_subscriptions), (None, None));
    assert_eq!(stan.limits_of("bar").max_messages, Some(100));
    assert_eq!(told.jetstream.expect("streams").sync, Sync::Never);
}

#[test]
fn what_means_nothing_on_one_node_is_refused_by_name() {
    for (words, told) in [
        (
            &["-clustered"][..],
            "-clustered is not supported: this server runs alone; for several nodes run a NATS cluster",
        ),
        (&["--cluster_node_id", "a"], "--cluster_node_id is not supported: this server runs alone"),
        (&["-cluster", "nats://x"], "-cluster is not supported: this server runs alone"),
        (&["-file_slice_archive_script", "x"], "-file_slice_archive_script is not supported: files are dropped"),
        (&["-encrypt"], "-encrypt is not supported: files are not encrypted"),
        (&["-ft_group", "x"], "-ft_group is not supported: two servers cannot share a store"),
        (&["-ns", "nats://x"], "-ns is not supported: the server is its own NATS server"),
        (&["-st", "cloud"], "-st cannot be \"cloud\""),
        (&["-st", "file"], "a file store needs a place: set dir too"),
        (&["-cid", "a.b"], "-cid cannot be \"a.b\""),
    ] {
        let error = parse(words, &[], &[]).expect_err(told).to_string();
        assert!(error.starts_with(told), "{error}");
    }
}

#[test]
fn every_option_that_means_something_here_is_taken_with_one_dash_and_with_two() {
    let words = "-cid c -cluster_id c -st file -store FILE -dir d -mc 1 -max_channels 1 -msu 1 -max_subs 1 -mm 1 -max_msgs 1 \
                 -mb 1GB -max_bytes 1 -ma 1h -max_age 0s -mi 1h -max_inactivity 0s -hbi 1s -hb_interval 1s -hbt 1s \
                 -hb_timeout 1s -hbf 1 -hb_fail_count 1 -sc f -stan_config f -c f -config f -p 1 -port 1 -a h -addr h -m 2 \
                 -http_port 2 -P f -pid f -l f -log f -T -logtime -D -V -DV -SD -stan_debug -SV -stan_trace -SDV \
                 -user u -pass p -tls=false -tlscert f -tlskey f -tlsverify=false -tlscacert f -replace_durable \
                 -file_sync -file_auto_sync 1m -file_buffer_size 2MB -file_read_buffer_size 2MB -file_crc=true \
                 -file_crc_poly 1 -file_slice_max_msgs 1 -file_slice_max_bytes 64MB -file_slice_max_age 1h \
                 -file_compact_enabled -file_compact_frag 50 -file_compact_interval 300 -file_compact_min_size 1MB \
                 -file_fds_limit 100 -file_parallel_recovery 4 -file_truncate_bad_eof -secure -tls_client_key f \
                 -tls_client_cert f -tls_client_cacert f -io_batch_size 1024 -io_sleep_time 0 -wildcards";
    let one: Vec<_> = words.split_whitespace().collect();
    let two: Vec<_> =
        one.iter().map(|word| if word.starts_with('-') { format!("-{word}") } else { (*word).to_owned() }).collect();
    let two: Vec<_> = two.iter().map(String::as_str).collect();
    let told = options(&one, &[], &[("f", "")]);
    assert!(told.stan.as_ref().is_some_and(|stan| stan.debug && stan.trace && stan.replace_durable && stan.wildcards));
    assert_eq!(options(&two, &[], &[("f", "")]), told);
}

#[test]
fn every_name_of_every_key_is_known_in_the_block_and_at_the_top() {
    let spelt = [
        "mc: 9, msu: 8, mm: 7, mb: 6, ma: 5s, mi: 4s, channels { a: { mm: 3 } }",
        "max_channels: 9, max_subs: 8, max_msgs: 7, max_bytes: 6, max_age: 5s, max_inactivity: 4s
         per_channel { a: { max_msgs: 3 } }",
        "maxChannels: 9, max_subscriptions: 8, max_count: 7, MaxBytes: 6, MaxAge: 5s, maxinactivity: 4s
         ChannelsLimits { a: { maxcount: 3 } }",
    ];
    let mut told = Vec::new();
    for limits in &spelt {
        for (id, store, dir, debug, block) in [
            ("id", "st", "dir", "sd", "limits"),
            ("cid", "store", "datastore", "stan_debug", "store_limits"),
            ("cluster_id", "store_type", "dir", "SD", "StoreLimits"),
        ] {
            let rest =
                "hbi: 1s, hb_timeout: 2s, hbf: 3, discover_prefix: d, replace_durable: true, file { compact: true,
                        compact_frag: 50, crc: true, buffer_size: 2097152, slice_max_age: 1h, fds_limit: 9, sync: true }
                        secure: false";
            let text = format!("{id}: c, {store}: file, {dir}: d, {debug}: true, {block} {{ {limits} }}, {rest}");
            let in_block = format!("streaming {{ {text}\n tls {{ client_cert: f, client_ca: g }}, user: u, pass: p }}");
            told.extend([text, in_block].map(|text| options(&["-sc", "f"], &[], &[("f", &text)]).stan));
        }
    }
    let first = told[0].as_ref().expect("the face is on");
    assert_eq!((first.max_channels, first.limits_of("a").max_messages), (Some(9), Some(3)));
    assert_eq!(first.limits_of("b").max_inactivity, Some(Duration::from_secs(4)));
    assert!(told.iter().all(|other| other.as_ref() == Some(first)));
}

#[test]
fn at_the_top_nobody_is_passed_over_who_may_connect() {
    for key in ["user", "password", "token"] {
        let error = parse(&["-c", "f"], &[], &[("f", &format!("{key}: x"))]).expect_err(key).to_string();
        assert!(error.contains("unknown key"), "{error}");
    }
}

#[test]
fn two_files_are_read_one_after_the_other() {
    let files = [("nats", "port: 4333\nhttp: 8222"), ("stan", "cid: ticketing")];
    let told = options(&["-c", "nats", "-sc", "stan"], &[], &files);
    assert_eq!((told.client.port, told.stan.expect("the face is on").cluster_id.as_str()), (4333, "ticketing"));
}

#[test]
fn a_token_of_administrators_is_long_and_has_a_port_to_be_shown_on() {
    let token = "0123456789abcdef";
    let stan = options(&["-m", "8222"], &[("STREAMING_ADMIN_TOKEN", token)], &[]).stan.expect("the face is on");
    assert!(stan.admin_token.expect("set").verify(token.as_bytes()));
    for (words, told) in [
        (&["-m", "8222", "-admin_token", "short"][..], "admin_token needs 16 signs or more"),
        (&["-admin_token", token], "admin_token is shown over HTTP, and there is no port for that: set http_port too"),
        (&["-m", "8222", "-admin_token", "$2a$broken"], "admin_token begins like a bcrypt hash but is none"),
    ] {
        let error = parse(words, &[], &[]).expect_err(told).to_string();
        assert!(error.starts_with(told) && !error.contains("short "), "{error}");
    }
}

#[test]
fn an_sql_store_is_told_in_the_originals_words() {
    let source = "user=stan password=hush dbname=d";
    let typed = ["-st", "SQL", "-sql_driver", "postgres", "-sql_source", source, "-sql_no_caching"];
    let typed = [&typed[..], &["-sql_max_open_conns", "5", "-sql_bulk_insert_limit", "0", "--dir", "ignored"]].concat();
    let file = "streaming { store: sql, sql_options {
        driver: mysql, source: \"stan:hush@tcp(db:3306)/d\", max_open_conns: 0, bulk_insert_limit: 200 } }";
    for (told, place, no_caching, connections_max, rows_max) in [
        (options(&typed, &[], &[]), "\"d\" on localhost as \"stan\"", true, Some(5), None),
        (options(&["-c", "f"], &[], &[("f", file)]), "\"d\" on db:3306 as \"stan\"", false, None, Some(200)),
    ] {
        assert_eq!(told.stan.as_ref().map(|stan| stan.store), Some(StanStore::Sql));
        assert!(!format!("{told:?}").contains("hush"), "{told:?}");
        let jetstream = told.jetstream.expect("what it stands on");
        let database = jetstream.database.expect("a database");
        assert!(database.source.to_string().ends_with(place) && !jetstream.in_memory, "{}", database.source);
        let numbers = (database.no_caching, database.connections_max, database.rows_max);
        assert_eq!(numbers, (no_caching, connections_max, rows_max));
    }
}

#[test]
fn an_sql_store_without_its_database_is_refused_and_no_password_told() {
    for (words, env, told) in [
        (&["-st", "sql"][..], None, "set sql_driver to postgres or mysql"),
        (&["-st", "sql", "-sql_driver", "oracle"], None, "sql_driver is \"oracle\""),
        (&["-st", "sql", "-sql_driver", "mysql"], None, "set sql_source"),
        (&["-st", "sql", "-sql_driver", "mysql"], Some("stan:hush@tcp(db:x)/d"), "no number up to 65535"),
    ] {
        let env: Vec<_> = env.map(|source| ("STREAMING_SQL_SOURCE", source)).into_iter().collect();
        let error = parse(words, &env, &[]).expect_err("it should be refused").to_string();
        assert!(error.contains(told) && !error.contains("hush"), "{error}");
    }
    let other = options(&["-st", "file", "--dir", "d", "-sql_driver", "mysql"], &[], &[]);
    assert_eq!(other.jetstream.expect("streams").database, None, "it is said for another time");
}
