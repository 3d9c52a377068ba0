//! Amounts as Kubernetes writes them: `100m`, `64Mi`, `"2"`.

use serde_json::Value;

/// The amount in thousandths; `None` if it is none.
pub fn thousandths(value: &Value) -> Option<u128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let scale: u128 = match unit {
        "m" => 1,
        "" => 1000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "Ki" => 1000 << 10,
        "Mi" => 1000 << 20,
        "Gi" => 1000 << 30,
        "Ti" => 1000 << 40,
        _ => return None,
    };
    digits.parse::<u128>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_can_be_compared_whatever_their_unit() {
        let of = |value| thousandths(&value);
        assert_eq!(of(json!("100m")), Some(100));
        assert_eq!(of(json!("2")), of(json!(2)));
        assert_eq!(of(json!("1Gi")), of(json!("1024Mi")));
        assert!(of(json!("1G")) < of(json!("1Gi")));
        assert!(
            [json!("64MB"), json!(""), json!("-1"), json!("Mi"), json!(null)].into_iter().all(|no| of(no).is_none())
        );
    }
}
