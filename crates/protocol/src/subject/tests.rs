//! Comparisons against models that are too slow and too plain to be wrong.

use proptest::prelude::*;

use super::*;

#[test]
fn validity_is_as_nats_server_judges() {
    for (subject, literal, filter) in [
        ("a", true, true),
        ("ticket:created", true, true),
        ("a.b.c", true, true),
        ("a.*.c", false, true),
        ("a.>", false, true),
        (">", false, true),
        ("*", false, true),
        ("a*.b>", true, true),
        (">b.a", true, true),
        ("a.>b", true, true),
        ("ä.\u{0}", true, true),
        ("a.>.b", false, false),
        ("", false, false),
        (".", false, false),
        ("a.", false, false),
        (".a", false, false),
        ("a..b", false, false),
        ("a b", false, false),
        ("a\tb", false, false),
        ("a\r", false, false),
        ("a\nb", false, false),
    ] {
        assert_eq!(is_valid_literal(subject), literal, "literal {subject:?}");
        assert_eq!(is_valid_filter(subject), filter, "filter {subject:?}");
        assert_eq!(has_wildcards(subject), filter && !literal, "wildcards {subject:?}");
        assert_eq!(Filter::new(subject).is_some(), filter, "{subject:?}");
    }
}

/// Token by token, recursively.
fn model_matches(filter: &[&str], subject: &[&str]) -> bool {
    match (filter, subject) {
        ([], []) | ([">"], [_, ..]) => true,
        (["*", filter @ ..], [_, subject @ ..]) => model_matches(filter, subject),
        ([f, filter @ ..], [s, subject @ ..]) => f == s && model_matches(filter, subject),
        _ => false,
    }
}

/// Every literal of up to `length` tokens over an alphabet that has one token no filter names.
fn universe(length: usize) -> Vec<Vec<&'static str>> {
    let mut all = vec![];
    let mut longest: Vec<Vec<&'static str>> = vec![vec![]];
    for _ in 0..length {
        longest = longest.iter().flat_map(|head| ["a", "b", "z"].map(|last| [&head[..], &[last]].concat())).collect();
        all.extend(longest.iter().cloned());
    }
    all
}

/// Valid filters of up to four tokens.
fn filters() -> impl Strategy<Value = String> {
    (prop::collection::vec(prop::sample::select(vec!["a", "b", "*"]), 0..4), any::<bool>()).prop_map(
        |(mut tokens, open)| {
            if open || tokens.is_empty() {
                tokens.push(">");
            }
            tokens.join(".")
        },
    )
}

proptest! {
    #[test]
    fn matching_agrees_with_the_model(filter in filters()) {
        let tokenized: Vec<_> = tokens(&filter).collect();
        let compiled = Filter::new(&filter).unwrap();
        for subject in universe(4) {
            let text = subject.join(".");
            let expected = model_matches(&tokenized, &subject);
            prop_assert_eq!(matches(&filter, &text), expected, "{} {}", filter, text);
            prop_assert_eq!(compiled.matches(&text), expected);
            prop_assert_eq!(Filters::new([filter.as_str(), "y.y"]).unwrap().matches(&text), expected);
        }
        prop_assert_eq!(compiled.as_str(), filter.as_str());
    }

    #[test]
    fn subset_and_overlap_agree_with_all_subjects_there_are(a in filters(), b in filters()) {
        // Five tokens: one more than the longest filter has, so that `>` shows that it has no end.
        let (in_a, in_b): (Vec<_>, Vec<_>) =
            universe(5).iter().map(|subject| subject.join(".")).map(|s| (matches(&a, &s), matches(&b, &s))).unzip();
        let pairs = || in_a.iter().zip(&in_b);
        prop_assert_eq!(is_subset(&a, &b), pairs().all(|(&a, &b)| !a || b), "{} ⊆ {}", a, b);
        prop_assert_eq!(overlaps(&a, &b), pairs().any(|(&a, &b)| a && b), "{} ∩ {}", a, b);
    }

    #[test]
    fn nothing_panics(a in ".{0,12}", b in "[a*>.]{0,12}", c in "[a*>.]{0,12}") {
        for (x, y) in [(&a, &b), (&b, &c), (&c, &a)] {
            let _ = (matches(x, y), is_subset(x, y), overlaps(x, y), is_valid_filter(x), is_valid_literal(y));
        }
    }
}

#[test]
fn no_filter_is_every_filter() {
    let everything = Filters::new(["a", ">"]).unwrap();
    assert!(Filters::default().matches("x.y") && everything.is_everything());
    assert!(!Filters::new(["a", "b.*"]).unwrap().matches("b"));
    assert_eq!(Filters::new(["a", "b..c"]), None);
}
