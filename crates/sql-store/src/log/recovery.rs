//! What a log holds, told to the index when the server starts: every row, without headers and body.

use journal::Due;
use journal::store::{Builder, Entry, Kind, Summary};

use super::BLOCK_MESSAGES;
use crate::connection::{Row, Value, sequence};
use crate::database::Database;
use crate::error::Error;

/// Rows asked for at a time.
const ROWS: i64 = 16 * 1024;

/// Calls `each` with what is known of every run of messages from `head` to `last`. Returns those that are removed, and
/// still to be deleted.
pub(super) fn read(
    database: &Database,
    log: i64,
    head: u64,
    last: u64,
    each: &mut dyn FnMut(Summary),
) -> Result<Vec<u64>, Error> {
    let sql = "select seq, time, due_at, due_kind, removed, bytes, subject from streaming_messages
               where log = ? and seq >= ? and seq <= ? order by seq limit ?";
    let (mut removed, mut from) = (Vec::new(), head);
    // Even if there is no message: it says where the log begins.
    let mut builder = Builder::new(head, head);
    let mut count = 0;
    loop {
        let link = database.link().clone();
        let rows = database.ask(move || async move {
            let values = [Value::Int(log), sequence(from), sequence(last), Value::Int(ROWS)];
            link.persist(async |_| link.ask(sql, &values).await).await
        })?;
        for row in &rows {
            let sequence = row.sequence(0)?;
            from = sequence + 1;
            if row.int(4)? != 0 {
                removed.push(sequence);
                continue;
            }
            if count == BLOCK_MESSAGES {
                let next = Builder::new(builder.end() + 1, head);
                each(std::mem::replace(&mut builder, next).finish());
                count = 0;
            }
            take(&mut builder, row)?;
            count += 1;
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS {
            break;
        }
    }
    each(builder.finish());
    Ok(removed)
}

fn take(builder: &mut Builder, row: &Row) -> Result<(), Error> {
    let due_at = row.int(2)?;
    let entry = Entry {
        time: row.int(1)?,
        due: u8::try_from(row.int(3)?).ok().map(|kind| Due { at: due_at, kind }),
        subject: row.bytes(6)?,
        ..Entry::bare(Kind::Message, row.sequence(0)?)
    };
    let bytes = u32::try_from(row.int(5)?).unwrap_or(u32::MAX);
    builder.message_of(&entry, bytes);
    Ok(())
}
