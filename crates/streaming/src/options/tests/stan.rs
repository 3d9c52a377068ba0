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
    assert_eq!((stan.limits_of("bar").max_bytes, stan.limits_of("bar").max_subscriptions), (None, Some(1000)));
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
        (&["-ft_group", "x"], "-ft_group is not supported: two servers cannot share a store"),
        (&["-ns", "nats://x"], "-ns is not supported: the server is its own NATS server"),
        (&["-st", "sql"], "-st cannot be \"sql\""),
        (&["-st", "file"], "a file store needs a place: set dir too"),
        (&["-cid", "a.b"], "-cid cannot be \"a.b\""),
    ] {
        let error = parse(words, &[], &[]).expect_err(told).to_string();
        assert!(error.starts_with(told), "{error}");
    }
}
