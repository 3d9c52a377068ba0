//! The database of `--stan_store sql`. Streams of `JetStream` that are not in memory are in it, too.

use super::Setting;
use crate::options::units::{self, Wrong};

pub static SETTINGS: &[Setting] = &[
    Setting::text("sql_driver", "postgres|mysql", |draft, text| {
        text.clone_into(&mut draft.sql.driver);
        Ok(())
    })
    .keys(&["streaming.sql.driver", "streaming.sql_options.driver"])
    .help("With sql: which database it is; MariaDB is mysql"),
    Setting::text("sql_source", "<source>", |draft, text| {
        text.clone_into(&mut draft.sql.source);
        Ok(())
    })
    .keys(&["streaming.sql.source", "streaming.sql_options.source"])
    .help(
        "Where it is: \"host=db user=stan password=… dbname=stan\", stan:…@tcp(db:3306)/stan,\n\
         or a URL. Better not typed, as everybody on the machine sees it: STREAMING_SQL_SOURCE",
    ),
    Setting::flag("sql_no_caching", |draft, on| draft.sql.no_caching = on)
        .keys(&["streaming.sql.no_caching", "streaming.sql_options.no_caching"])
        .help("Keep no new messages in memory for those who read at the end"),
    Setting::text("sql_max_open_conns", "<number>", |draft, text| {
        let count = units::count_or_unlimited(text)?.filter(|count| *count > 0);
        draft.sql.connections_max =
            count.map(u32::try_from).transpose().map_err(|_| Wrong::from("that is too many"))?;
        Ok(())
    })
    .keys(&["streaming.sql.max_open_conns", "streaming.sql_options.max_open_conns"])
    .help("Most connections, besides the one that holds the lock (default: 8)"),
    Setting::text("sql_bulk_insert_limit", "<number>", |draft, text| {
        draft.sql.rows_max = units::count_or_unlimited(text)?.filter(|count| *count > 0);
        Ok(())
    })
    .keys(&["streaming.sql.bulk_insert_limit", "streaming.sql_options.bulk_insert_limit"])
    .help("Most rows of one insert (default: 128)"),
    Setting::block(&["streaming.sql", "streaming.sql_options"], |draft| {
        super::stan::stan(draft);
    }),
];
