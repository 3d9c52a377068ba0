//! The members of a consumer whose clients have windows of their own: who gets the next message, and who holds which.
//!
//! A consumer without a [`Group`] leaves the choice to the router. With one, each delivery goes to a single member:
//! the one that holds the fewest messages, of those who are there, answer, and have room. Of several, each in turn.
//! A message that comes again goes to the best member whether it has room or not, and counts against that member
//! from then on.
//!
//! What a member holds is not persisted: after a restart nobody holds what is pending, until it comes again.

use std::sync::Arc;

use hashbrown::HashMap;

/// One who takes messages.
#[derive(Debug, Clone)]
pub struct Member<T> {
    /// Its name, unique in the server.
    pub id: Arc<str>,
    /// What whoever uses the group wants to keep with it.
    pub about: T,
    /// How many messages it may hold before it gets no new ones.
    pub window: usize,
    /// It may be sent messages: its client knows that it is one.
    pub started: bool,
    /// Somebody listens where its messages go.
    pub present: bool,
    /// Its client did not answer when it was last asked whether it lives.
    pub silent: bool,
    /// The last message sent to it.
    pub last_sent: u64,
    held: usize,
}

impl<T> Member<T> {
    /// A member that holds nothing, and is not started.
    pub fn new(id: Arc<str>, window: usize, about: T) -> Self {
        Self { id, about, window, started: false, present: false, silent: false, last_sent: 0, held: 0 }
    }

    /// How many messages it holds.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Whether it holds as many as it may.
    pub fn is_stalled(&self) -> bool {
        self.held >= self.window
    }

    fn can_receive(&self) -> bool {
        self.started && self.present
    }

    fn has_room(&self) -> bool {
        self.can_receive() && !self.is_stalled()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Group<T> {
    members: Vec<Member<T>>,
    /// Who holds a message, by sequence.
    holders: HashMap<u64, Arc<str>>,
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { members: Vec::new(), holders: HashMap::new() }
    }
}

impl<T> Group<T> {
    /// All members, the one whose turn it is first.
    pub fn members(&self) -> &[Member<T>] {
        &self.members
    }

    /// A member by its name.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Member<T>> {
        self.members.iter_mut().find(|member| *member.id == *id)
    }

    /// All members, to be told something of each.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member<T>> {
        self.members.iter_mut()
    }

    /// Takes one more in.
    pub fn join(&mut self, member: Member<T>) -> &mut Member<T> {
        self.members.push(member);
        let last = self.members.len() - 1;
        &mut self.members[last]
    }

    /// Lets a member go, with what it held, ascending.
    pub fn leave(&mut self, id: &str) -> Option<(Member<T>, Vec<u64>)> {
        let at = self.members.iter().position(|member| *member.id == *id)?;
        let member = self.members.remove(at);
        let mut held: Vec<u64> = self.holders.iter().filter(|(_, by)| ***by == *id).map(|(at, _)| *at).collect();
        held.sort_unstable();
        for sequence in &held {
            self.holders.remove(sequence);
        }
        Some((member, held))
    }

    /// Whether anybody can be sent anything.
    pub fn can_receive(&self) -> bool {
        self.members.iter().any(Member::can_receive)
    }

    /// Whether anybody has room for a new message.
    pub fn has_room(&self) -> bool {
        self.members.iter().any(Member::has_room)
    }

    /// Who gets this message: it holds it from now on, and whoever held it before, who gets it again only if there is
    /// nobody else, does not.
    pub fn choose(&mut self, sequence: u64) -> Option<&Member<T>> {
        let holder = self.holders.get(&sequence);
        let best = |wanted: fn(&Member<T>) -> bool| {
            let candidates = self.members.iter().enumerate().filter(|(_, member)| wanted(member));
            candidates.min_by_key(|(_, member)| (holder == Some(&member.id), member.held)).map(|(at, _)| at)
        };
        let at = best(|m| m.has_room() && !m.silent)
            .or_else(|| best(Member::has_room))
            .or_else(|| best(|m| m.can_receive() && !m.silent))
            .or_else(|| best(Member::can_receive))?;
        self.release(sequence);
        // Behind all others, so that those who hold as few have their turn first.
        let mut member = self.members.remove(at);
        member.held += 1;
        member.last_sent = member.last_sent.max(sequence);
        self.holders.insert(sequence, member.id.clone());
        self.members.push(member);
        self.members.last()
    }

    /// Nobody holds this message any more.
    pub fn release(&mut self, sequence: u64) {
        if let Some(holder) = self.holders.remove(&sequence)
            && let Some(member) = self.get_mut(&holder)
        {
            member.held = member.held.saturating_sub(1);
        }
    }

    /// Has the only member hold what it was found to hold after a restart.
    pub fn hold(&mut self, sequences: impl Iterator<Item = u64>) {
        let [member] = &mut self.members[..] else { return };
        for sequence in sequences {
            if self.holders.insert(sequence, member.id.clone()).is_none() {
                member.held += 1;
                member.last_sent = member.last_sent.max(sequence);
            }
        }
    }

    /// Releases what is not pending any more, if there are more held messages than `pending` ones.
    pub fn reconcile(&mut self, pending: usize, is_pending: impl Fn(u64) -> bool) {
        if self.holders.len() > pending {
            let gone: Vec<u64> = self.holders.keys().copied().filter(|sequence| !is_pending(*sequence)).collect();
            for sequence in gone {
                self.release(sequence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(windows: &[(&str, usize)]) -> Group<()> {
        let mut group = Group::default();
        for (name, window) in windows {
            let member = Member { started: true, present: true, ..Member::new((*name).into(), *window, ()) };
            group.join(member);
        }
        group
    }

    fn sent(group: &mut Group<()>, sequences: std::ops::RangeInclusive<u64>) -> String {
        sequences.filter_map(|sequence| group.choose(sequence).map(|m| m.id.to_string())).collect()
    }

    #[test]
    fn each_has_its_turn_and_whoever_holds_least_is_first() {
        let mut group = group(&[("a", 9), ("b", 9), ("c", 9)]);
        assert_eq!(sent(&mut group, 1..=6), "abcabc");
        group.release(2);
        group.release(5);
        assert_eq!(sent(&mut group, 7..=8), "bb");
        group.release(1);
        group.release(4);
        assert_eq!(sent(&mut group, 3..=3), "a");
        group.get_mut("a").unwrap().window = 0;
        assert_eq!(sent(&mut group, 3..=3), "c", "to another member, whoever holds least");
    }

    #[test]
    fn the_full_the_silent_and_the_absent_are_passed_over() {
        let mut group = group(&[("a", 1), ("b", 2), ("c", 9)]);
        group.get_mut("c").unwrap().silent = true;
        assert_eq!(sent(&mut group, 1..=5), "abbcc", "a silent one is better than none");
        group.get_mut("c").unwrap().present = false;
        assert!(!group.has_room());
        assert_eq!(group.choose(1).unwrap().id.as_ref(), "b", "what comes again needs no room");
        for member in group.iter_mut() {
            member.present = false;
        }
        assert!(!group.can_receive() && group.choose(2).is_none());
    }

    #[test]
    fn what_moves_counts_for_its_new_holder_only() {
        let mut group = group(&[("a", 9), ("b", 9)]);
        assert_eq!(sent(&mut group, 1..=3), "aba");
        assert_eq!(group.leave("a").unwrap().1, [1, 3]);
        assert_eq!(sent(&mut group, 1..=1), "b");
        assert_eq!(group.members()[0].held(), 2);
        group.release(1);
        group.release(1);
        assert_eq!(group.members()[0].held(), 1);
    }

    #[test]
    fn what_left_the_log_is_held_by_nobody() {
        let mut group = group(&[("a", 9)]);
        group.hold([4, 5, 6].into_iter());
        assert_eq!((group.members()[0].held(), group.members()[0].last_sent), (3, 6));
        group.reconcile(1, |sequence| sequence == 6);
        assert_eq!(group.members()[0].held(), 1);
    }
}
