//! `JetStream` on the wire: configurations, requests and answers as JSON, acknowledgements, errors.
