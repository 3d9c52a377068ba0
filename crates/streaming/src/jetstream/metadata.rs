//! What the server itself writes into the metadata of streams and consumers.
//!
//! The API level a configuration needs is kept with it; our version and our level are only shown, for they are the
//! server's and not the configuration's. Clients send back what they were shown: that is taken off again.

use std::collections::BTreeMap;

use protocol::jetstream::config::{METADATA_REQUIRED_LEVEL, METADATA_SERVER_LEVEL, METADATA_SERVER_VERSION};

use crate::server::VERSION;
use crate::stream::API_LEVEL;

/// Makes of the metadata a client sent what is kept.
pub(super) fn kept(metadata: &mut BTreeMap<String, String>, required_level: u32) {
    metadata.remove(METADATA_SERVER_VERSION);
    metadata.remove(METADATA_SERVER_LEVEL);
    metadata.insert(METADATA_REQUIRED_LEVEL.to_owned(), required_level.to_string());
}

/// Makes of the metadata that is kept what is shown.
pub(super) fn shown(metadata: &mut BTreeMap<String, String>) {
    metadata.insert(METADATA_SERVER_VERSION.to_owned(), VERSION.to_owned());
    metadata.insert(METADATA_SERVER_LEVEL.to_owned(), API_LEVEL.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_sent_back_is_kept_as_before() {
        let mut metadata = BTreeMap::from([("owner".to_owned(), "billing".to_owned())]);
        kept(&mut metadata, 1);
        let before = metadata.clone();
        shown(&mut metadata);
        assert_eq!(metadata.len(), 4);
        kept(&mut metadata, 1);
        assert_eq!(metadata, before);
        assert_eq!(before["_nats.req.level"], "1");
        assert_eq!(before["owner"], "billing");
    }
}
