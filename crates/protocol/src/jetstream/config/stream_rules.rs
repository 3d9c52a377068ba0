//! What `nats-server` makes of a stream's configuration, or why it refuses it.

use super::{
    ApiError, DESCRIPTION_BYTES_MAX, DUPLICATE_WINDOW, Discard, METADATA_BYTES_MAX, MILLISECOND, NAME_BYTES_MAX,
    PersistMode, SECOND, StreamConfig, SubjectTransform, error, is_name, metadata_bytes,
    subject::{Misfit, Transform, is_subset, is_valid_filter, overlaps},
};

/// The shortest age and duplicate window there may be.
const SHORTEST: i64 = 100 * MILLISECOND;
/// The most replicas any cluster may have.
const REPLICAS_MAX: i64 = 5;

impl StreamConfig {
    /// With defaults filled in, and checked as far as it can be without knowing other streams: it is for the caller to
    /// compare subjects and limits with theirs, and on creation to refuse a stream that is `sealed` from the start.
    pub fn normalized(mut self) -> Result<Self, ApiError> {
        check_name(&self.name)?;
        if self.description.len() > DESCRIPTION_BYTES_MAX {
            return refuse(format_args!("stream description is too long, maximum allowed is {DESCRIPTION_BYTES_MAX}"));
        }
        if metadata_bytes(&self.metadata) > METADATA_BYTES_MAX {
            return refuse(format_args!("stream metadata exceeds maximum size of {}KB", METADATA_BYTES_MAX / 1024));
        }
        match self.num_replicas {
            0 => self.num_replicas = 1,
            1 => {}
            ..0 => return Err(error::REPLICAS_NEGATIVE),
            2..=REPLICAS_MAX => return Err(error::REPLICAS_NOT_SUPPORTED),
            _ => return refuse(format_args!("maximum replicas is {REPLICAS_MAX}")),
        }
        for limit in [
            &mut self.max_consumers,
            &mut self.max_msgs,
            &mut self.max_bytes,
            &mut self.max_msgs_per_subject,
            &mut self.max_msg_size,
        ] {
            if *limit <= 0 {
                *limit = -1;
            }
        }
        self.apply_schedules()?;
        self.apply_ages()?;
        self.apply_permissions()?;
        self.check_mirror()?;
        self.check_sources()?;
        self.apply_subjects()?;
        self.apply_republish()?;
        self.check_transform()?;
        Ok(self)
    }

    /// The API level it needs (ADR-44): 2 for schedules, counters and atomic batches, and so on.
    pub fn required_level(&self) -> u32 {
        if self.allow_batched {
            4
        } else if self.allow_msg_schedules
            || self.allow_msg_counter
            || self.allow_atomic
            || self.persist_mode != PersistMode::Default
        {
            2
        } else {
            u32::from(self.allow_msg_ttl || self.subject_delete_marker_ttl > 0)
        }
    }

    fn apply_schedules(&mut self) -> Result<(), ApiError> {
        if !self.allow_msg_schedules {
            return Ok(());
        }
        if self.mirror.is_some() {
            return Err(error::MIRROR_WITH_SCHEDULES);
        }
        if !self.sources.is_empty() {
            return Err(error::SOURCE_WITH_SCHEDULES);
        }
        // A schedule replaces the one before it on its subject: that is a roll-up.
        self.allow_rollup_hdrs = true;
        self.deny_purge = false;
        Ok(())
    }

    fn apply_ages(&mut self) -> Result<(), ApiError> {
        if self.duplicate_window == 0 && self.mirror.is_none() {
            self.duplicate_window =
                if self.max_age != 0 { self.max_age.min(DUPLICATE_WINDOW) } else { DUPLICATE_WINDOW };
        }
        if self.max_age > 0 && self.max_age < SHORTEST {
            return refuse("max age needs to be >= 100ms");
        }
        if self.duplicate_window < 0 {
            return refuse("duplicates window can not be negative");
        }
        if self.max_age < 0 {
            return refuse("max age needs to be >= 100ms");
        }
        if self.max_age != 0 && self.duplicate_window > self.max_age {
            return refuse("duplicates window can not be larger then max age");
        }
        if self.duplicate_window > 0 && self.duplicate_window < SHORTEST {
            return refuse("duplicates window needs to be >= 100ms");
        }
        Ok(())
    }

    fn apply_permissions(&mut self) -> Result<(), ApiError> {
        if self.deny_purge && self.allow_rollup_hdrs {
            return refuse("roll-ups require the purge permission");
        }
        if self.discard_new_per_subject {
            if self.discard != Discard::New {
                return refuse("discard new per subject requires discard new policy to be set");
            }
            if self.max_msgs_per_subject <= 0 {
                return refuse("discard new per subject requires max msgs per subject > 0");
            }
        }
        match self.subject_delete_marker_ttl {
            0 => {}
            ..0 => return refuse("subject delete marker TTL must not be negative"),
            1..SECOND => return refuse("subject delete marker TTL must be at least 1 second"),
            _ => {
                self.allow_msg_ttl = true;
                self.allow_rollup_hdrs = true;
                self.deny_purge = false;
            }
        }
        Ok(())
    }

    fn check_mirror(&self) -> Result<(), ApiError> {
        let Some(mirror) = &self.mirror else {
            return Ok(());
        };
        let refusals = [
            (self.first_seq > 0, error::MIRROR_WITH_FIRST_SEQ),
            (!self.subjects.is_empty(), error::MIRROR_WITH_SUBJECTS),
            (!self.sources.is_empty(), error::MIRROR_WITH_SOURCES),
            (self.allow_msg_counter, error::MIRROR_WITH_COUNTERS),
            (self.allow_atomic, error::MIRROR_WITH_ATOMIC_PUBLISH),
            (self.allow_batched, error::MIRROR_WITH_BATCH_PUBLISH),
            (
                !mirror.filter_subject.is_empty() && !mirror.subject_transforms.is_empty(),
                error::MIRROR_MULTIPLE_FILTERS_NOT_ALLOWED,
            ),
            (mirror.opt_start_seq > 0 && mirror.opt_start_time.is_some(), error::MIRROR_WITH_START_SEQ_AND_TIME),
            (mirror.external.is_none() && !is_name(&mirror.name), error::MIRROR_INVALID_STREAM_NAME),
        ];
        if let Some((_, refusal)) = refusals.into_iter().find(|(applies, _)| *applies) {
            return Err(refusal);
        }
        if self.subject_delete_marker_ttl > 0 {
            return refuse("subject delete markers forbidden on mirrors");
        }
        if mirror.external.is_none() && mirror.name == self.name {
            return refuse("detected cycle");
        }
        for (at, transform) in mirror.subject_transforms.iter().enumerate() {
            match fits(transform) {
                Ok(()) => {}
                Err(why @ Misfit::Source) => {
                    return Err(error::mirror_invalid_subject_filter(format_args!("{why} {}", transform.src)));
                }
                Err(why) => return Err(error::mirror_invalid_transform(why)),
            }
            if mirror.subject_transforms[..at]
                .iter()
                .any(|other| overlaps(all_if_empty(&other.src), all_if_empty(&transform.src)))
            {
                return Err(error::MIRROR_OVERLAPPING_SUBJECT_FILTERS);
            }
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), ApiError> {
        for (at, source) in self.sources.iter().enumerate() {
            if !is_name(&source.name) {
                return Err(error::SOURCE_INVALID_STREAM_NAME);
            }
            let same = |other: &&super::StreamSource| {
                (&other.name, &other.filter_subject, &other.subject_transforms, &other.external)
                    == (&source.name, &source.filter_subject, &source.subject_transforms, &source.external)
            };
            if self.sources[..at].iter().any(|other| same(&other)) {
                return Err(error::SOURCE_DUPLICATE);
            }
            if !source.filter_subject.is_empty() && !source.subject_transforms.is_empty() {
                return Err(error::SOURCE_MULTIPLE_FILTERS_NOT_ALLOWED);
            }
            for (at, transform) in source.subject_transforms.iter().enumerate() {
                if !transform.src.is_empty() && !is_valid_filter(&transform.src) {
                    return Err(error::source_invalid_subject_filter(format_args!(
                        "invalid subject {}",
                        transform.src
                    )));
                }
                if source.subject_transforms[..at]
                    .iter()
                    .any(|other| overlaps(all_if_empty(&other.src), all_if_empty(&transform.src)))
                {
                    return Err(error::SOURCE_OVERLAPPING_SUBJECT_FILTERS);
                }
            }
        }
        Ok(())
    }

    fn apply_subjects(&mut self) -> Result<(), ApiError> {
        if self.subjects.is_empty() {
            if self.mirror.is_none() && self.sources.is_empty() {
                self.subjects.push(self.name.clone());
            }
            return Ok(());
        }
        for (at, subject) in self.subjects.iter().enumerate() {
            if !is_valid_filter(subject) {
                return refuse("invalid subject");
            }
            if self.subjects[..at].contains(subject) {
                return refuse("duplicate subjects detected");
            }
            if self.no_ack {
                continue;
            }
            // Acknowledging what the API itself publishes would publish again, without end.
            if subject == ">" {
                return refuse("capturing all subjects requires no-ack to be true");
            }
            let api = ["$JS.>", "$JSC.>", "$NRG.>"].iter().any(|space| overlaps(subject, space));
            if api && !is_subset(subject, "$JS.EVENT.>") {
                return refuse("subjects that overlap with jetstream api require no-ack to be true");
            }
            if overlaps(subject, "$SYS.>") && !is_subset(subject, "$SYS.ACCOUNT.>") {
                return refuse("subjects that overlap with system api require no-ack to be true");
            }
        }
        for (at, subject) in self.subjects.iter().enumerate() {
            if let Some(other) = self.subjects[at + 1..].iter().find(|other| overlaps(subject, other)) {
                return refuse(format_args!("subject {subject:?} overlaps with {other:?}"));
            }
        }
        Ok(())
    }

    fn apply_republish(&mut self) -> Result<(), ApiError> {
        let Some(republish) = &mut self.republish else {
            return Ok(());
        };
        if republish.src.is_empty() {
            republish.src = ">".into();
        }
        if self.subjects.iter().any(|subject| overlaps(&republish.dest, subject)) {
            return refuse("stream configuration for republish destination forms a cycle");
        }
        if Transform::new(&republish.src, &republish.dest).is_err() {
            let (src, dest) = (&republish.src, &republish.dest);
            return refuse(format_args!(
                "stream configuration for republish with transform from '{src}' to '{dest}' not valid"
            ));
        }
        Ok(())
    }

    fn check_transform(&self) -> Result<(), ApiError> {
        let Some(transform) = &self.subject_transform else { return Ok(()) };
        match fits(transform) {
            Ok(()) => Ok(()),
            Err(why @ Misfit::Source) => Err(error::transform_invalid_source(format_args!("{why} {}", transform.src))),
            Err(why) => Err(error::transform_invalid_destination(why)),
        }
    }
}

/// A transform without a destination only filters.
fn fits(transform: &SubjectTransform) -> Result<(), Misfit> {
    let source = all_if_empty(&transform.src);
    if !transform.dest.is_empty() {
        Transform::new(source, &transform.dest).map(drop)
    } else if is_valid_filter(source) {
        Ok(())
    } else {
        Err(Misfit::Source)
    }
}

fn all_if_empty(filter: &str) -> &str {
    if filter.is_empty() { ">" } else { filter }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if !is_name(name) {
        return refuse("stream name is required and can not contain '.', '*', '>'");
    }
    if name.len() > NAME_BYTES_MAX {
        return refuse(format_args!("stream name is too long, maximum allowed is {NAME_BYTES_MAX}"));
    }
    if name.contains(['/', '\\']) {
        return Err(error::STREAM_NAME_CONTAINS_PATH_SEPARATORS);
    }
    Ok(())
}

fn refuse<T>(why: impl std::fmt::Display) -> Result<T, ApiError> {
    Err(error::stream_config(why))
}
