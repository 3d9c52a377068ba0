//! Money: whole cents inside, a number in major units outside, and no float arithmetic in between.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// An amount in minor units. In JSON a number in major units with at most two decimals: `20`, `19.99`.
///
/// Reading also takes the number as text (`"19.99"`). More decimals, a negative amount and one above
/// [`Cents::MAX`] are refused; zero is not, since whether it makes sense is for the reader to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, ToSchema, Default)]
#[sqlx(transparent)]
#[schema(value_type = f64, minimum = 0, maximum = 999_999.99, multiple_of = 0.01, example = 19.99)]
pub struct Cents(pub i64);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a number from 0 to 999999.99 with at most two decimals")]
pub struct NotAnAmount;

impl Cents {
    /// 999 999.99: the most that Stripe takes in one charge (docs.stripe.com/currencies, "Minimum and maximum charge
    /// amounts").
    pub const MAX: Self = Self(99_999_999);
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, cents) => write!(f, "{whole}.{cents:02}"),
        }
    }
}

impl FromStr for Cents {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits =
            |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        // Zeros at the end say nothing: 5.500 is 5.50.
        let decimals = decimals.trim_end_matches('0');
        if !digits(whole) || decimals.len() > 2 || !(decimals.is_empty() || digits(decimals)) {
            return Err(NotAnAmount);
        }
        let whole: i64 = whole.parse().map_err(|_| NotAnAmount)?;
        let cents: i64 = format!("{decimals:0<2}").parse().map_err(|_| NotAnAmount)?;
        let amount = Self(whole * 100 + cents);
        if amount > Self::MAX { Err(NotAnAmount) } else { Ok(amount) }
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            return serializer.serialize_i64(self.0 / 100);
        }
        // The nearest double to a decimal of this size is written as that decimal again.
        let number: f64 = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl Visitor<'_> for Amount {
            type Value = Cents;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{NotAnAmount}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cents, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cents, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Cents, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Amount)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for json in ["19.999", "-1", "1e99", "1000000", "\"\"", "\"1.\u{0661}\"", "\"1,5\"", "\".5\"", "null", "true"] {
            assert!(serde_json::from_str::<Cents>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_an_amount_is_taken() {
        for (json, cents) in [("20", 2000), ("19.99", 1999), ("\"19.9\"", 1990), ("0.1", 10), ("20.0", 2000), ("0", 0)]
        {
            assert_eq!(serde_json::from_str::<Cents>(json).unwrap(), Cents(cents), "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_comes_back_as_it_went(cents in 0..=Cents::MAX.0) {
            let json = serde_json::to_string(&Cents(cents)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Cents>(&json).unwrap(), Cents(cents));
            prop_assert_eq!(json.parse::<Cents>().unwrap(), Cents(cents));
            prop_assert_eq!(Cents(cents).to_string().parse::<Cents>().unwrap(), Cents(cents));
        }
    }
}
