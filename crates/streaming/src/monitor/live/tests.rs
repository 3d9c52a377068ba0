use super::*;

#[derive(Serialize)]
struct Thing {
    name: &'static str,
    size: u64,
}

impl Row for Thing {
    const SORTS: Sorts<Self> = &[("size", |a, b| a.size.cmp(&b.size))];

    fn key(&self) -> &str {
        self.name
    }

    fn mentions(&self) -> Vec<&str> {
        vec!["Common", self.name]
    }
}

fn ask(question: &str) -> Result<(u64, u64, Vec<String>), Refusal> {
    let pairs = question.split('&').filter_map(|pair| pair.split_once('='));
    let parameters = Parameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let rows = vec![Thing { name: "pear", size: 3 }, Thing { name: "Apple", size: 3 }, Thing { name: "fig", size: 1 }];
    let told: serde_json::Value = serde_json::from_str(part(&parameters, rows)?.body()).expect("JSON");
    let names = told["rows"].as_array().expect("rows").iter().map(|row| row["name"].as_str().expect("text").to_owned());
    Ok((told["total"].as_u64().expect("a number"), told["found"].as_u64().expect("a number"), names.collect()))
}

#[test]
fn a_part_is_filtered_then_sorted_then_cut() {
    for (question, found, names) in [
        ("", 3, &["Apple", "fig", "pear"][..]),
        ("descending=1", 3, &["pear", "fig", "Apple"]),
        ("sort=size", 3, &["fig", "Apple", "pear"]),
        ("sort=size&descending=1", 3, &["Apple", "pear", "fig"]),
        ("sort=size&descending=1&limit=1", 3, &["Apple"]),
        ("filter=P", 2, &["Apple", "pear"]),
        ("filter=common&limit=2", 3, &["Apple", "fig"]),
        ("filter=none", 0, &[]),
    ] {
        let (total, told, rows) = ask(question).expect(question);
        assert_eq!((total, told, rows), (3, found, names.iter().map(ToString::to_string).collect()), "{question}");
    }
    for question in ["sort=weight", "descending=maybe", "limit=x"] {
        assert!(ask(question).is_err(), "{question}");
    }
}
