//! The images, tried as `docker/compose.yaml` runs them.
//!
//! - `compose.rs` that file with names, ports and images of our own, gone when we are done however that ends
//! - `images.rs` builds them all; each runs as it should, and together they sell a ticket · `purchase.rs` how
//! - `pages.rs` what the client's nginx sends with pages
//! - `ingress.rs` the browser's tests through the cluster's Ingresses · `routes.rs` those as a configuration of nginx
//! - `trust.rs` a browser that trusts our certificate

mod compose;
pub mod images;
pub mod ingress;
#[cfg(test)]
mod pages;
mod purchase;
mod routes;
mod trust;
