//! The subjects as a tree of tokens: a level for each token, a place for `*` and one for `>` on each level.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Subscription, Target};

/// Subscriptions that share one filter.
#[derive(Default)]
pub(super) struct Leaf {
    pub plain: Vec<Arc<Subscription>>,
    pub queues: Vec<(Box<str>, Vec<Arc<Subscription>>)>,
}

impl Leaf {
    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.queues.is_empty()
    }

    pub fn has_client(&self) -> bool {
        let client = |s: &Arc<Subscription>| matches!(s.target, Target::Client { .. });
        self.plain.iter().any(client) || self.queues.iter().any(|(_, members)| members.iter().any(client))
    }
}

#[derive(Default)]
struct Node {
    literals: HashMap<String, Node>,
    /// Below `*`.
    any: Option<Box<Node>>,
    /// Filters that end with `>` here.
    rest: Leaf,
    /// Filters that end here.
    here: Leaf,
}

impl Node {
    fn is_empty(&self) -> bool {
        self.literals.is_empty() && self.any.is_none() && self.rest.is_empty() && self.here.is_empty()
    }
}

/// All subscriptions by their filters' tokens.
#[derive(Default)]
pub(super) struct Trie {
    root: Node,
    len: usize,
}

impl Trie {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn insert(&mut self, subscription: Arc<Subscription>) {
        let filter: Box<str> = subscription.subject.clone();
        let leaf = leaf(&mut self.root, Some(&filter));
        match &subscription.queue {
            None => leaf.plain.push(subscription),
            Some(name) => match leaf.queues.iter_mut().find(|(n, _)| n == name) {
                Some((_, members)) => members.push(subscription),
                None => leaf.queues.push((name.clone(), vec![subscription])),
            },
        }
        self.len += 1;
    }

    pub fn remove(&mut self, subscription: &Arc<Subscription>) -> bool {
        let removed = remove(&mut self.root, Some(&subscription.subject), subscription);
        self.len -= usize::from(removed);
        removed
    }

    /// Calls `found` for each filter that covers the literal `subject`.
    pub fn visit<'a>(&'a self, subject: &str, found: &mut impl FnMut(&'a Leaf)) {
        visit(&self.root, Some(subject), found);
    }

    /// Calls `found` for every subscription.
    pub fn each<'a>(&'a self, found: &mut impl FnMut(&'a Arc<Subscription>)) {
        each(&self.root, found);
    }
}

fn each<'a>(node: &'a Node, found: &mut impl FnMut(&'a Arc<Subscription>)) {
    for leaf in [&node.here, &node.rest] {
        leaf.plain.iter().chain(leaf.queues.iter().flat_map(|(_, members)| members)).for_each(&mut *found);
    }
    node.literals.values().chain(node.any.as_deref()).for_each(|child| each(child, found));
}

/// The first token of `rest`, and what is left of it.
fn split(rest: &str) -> (&str, Option<&str>) {
    match memchr::memchr(b'.', rest.as_bytes()) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    }
}

fn leaf<'a>(node: &'a mut Node, rest: Option<&str>) -> &'a mut Leaf {
    let Some(rest) = rest else { return &mut node.here };
    match split(rest) {
        (">", None) => &mut node.rest,
        ("*", rest) => leaf(node.any.get_or_insert_default(), rest),
        (token, rest) => leaf(node.literals.entry_ref(token).or_default(), rest),
    }
}

fn visit<'a>(node: &'a Node, rest: Option<&str>, found: &mut impl FnMut(&'a Leaf)) {
    let Some(rest) = rest else {
        if !node.here.is_empty() {
            found(&node.here);
        }
        return;
    };
    if !node.rest.is_empty() {
        found(&node.rest);
    }
    let (token, rest) = split(rest);
    if let Some(child) = node.literals.get(token) {
        visit(child, rest, found);
    }
    if let Some(child) = &node.any {
        visit(child, rest, found);
    }
}

/// Takes the subscription out and prunes what became empty on the way back.
fn remove(node: &mut Node, rest: Option<&str>, subscription: &Arc<Subscription>) -> bool {
    let Some(rest) = rest else { return remove_from(&mut node.here, subscription) };
    match split(rest) {
        (">", None) => remove_from(&mut node.rest, subscription),
        ("*", rest) => {
            let Some(child) = &mut node.any else { return false };
            let removed = remove(child, rest, subscription);
            if child.is_empty() {
                node.any = None;
            }
            removed
        }
        (token, rest) => {
            let Some(child) = node.literals.get_mut(token) else { return false };
            let removed = remove(child, rest, subscription);
            if child.is_empty() {
                node.literals.remove(token);
            }
            removed
        }
    }
}

fn remove_from(leaf: &mut Leaf, subscription: &Arc<Subscription>) -> bool {
    let take = |list: &mut Vec<Arc<Subscription>>| {
        let at = list.iter().position(|s| Arc::ptr_eq(s, subscription));
        at.map(|at| list.swap_remove(at)).is_some()
    };
    let Some(name) = &subscription.queue else { return take(&mut leaf.plain) };
    let Some(at) = leaf.queues.iter().position(|(n, _)| n == name) else { return false };
    let removed = take(&mut leaf.queues[at].1);
    if leaf.queues[at].1.is_empty() {
        leaf.queues.swap_remove(at);
    }
    removed
}
