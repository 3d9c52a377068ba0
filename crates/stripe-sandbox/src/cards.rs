//! Stripe's documented test cards: their numbers, tokens and payment methods, and what each does when charged.
//! <https://docs.stripe.com/testing>

use serde::{Deserialize, Serialize};

/// Why a charge fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    /// The issuer gives no reason.
    Generic,
    /// Not enough money.
    InsufficientFunds,
    /// Reported lost. The buyer is not told so.
    LostCard,
    /// Reported stolen. The buyer is not told so.
    StolenCard,
    /// Past its date.
    ExpiredCard,
    /// The security code does not match.
    IncorrectCvc,
    /// The issuer could not be asked.
    ProcessingError,
    /// The number is no card's.
    IncorrectNumber,
    /// Too often or too much.
    CardVelocityExceeded,
    /// Blocked as fraud before the issuer is asked.
    Fraudulent,
    /// The issuer wants the buyer to authenticate, and no one is there to do so.
    AuthenticationRequired,
    /// The buyer failed to authenticate.
    AuthenticationFailed,
    /// A real card in test mode.
    TestModeLiveCard,
}

impl Decline {
    /// Stripe's `code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Generic
            | Self::InsufficientFunds
            | Self::LostCard
            | Self::StolenCard
            | Self::CardVelocityExceeded
            | Self::Fraudulent
            | Self::TestModeLiveCard => "card_declined",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::ProcessingError => "processing_error",
            Self::IncorrectNumber => "incorrect_number",
            Self::AuthenticationRequired => "authentication_required",
            Self::AuthenticationFailed => "payment_intent_authentication_failure",
        }
    }

    /// Stripe's `decline_code`, where the issuer gave one.
    pub fn decline_code(self) -> Option<&'static str> {
        match self {
            Self::Generic => Some("generic_decline"),
            Self::InsufficientFunds => Some("insufficient_funds"),
            Self::LostCard => Some("lost_card"),
            Self::StolenCard => Some("stolen_card"),
            Self::CardVelocityExceeded => Some("card_velocity_exceeded"),
            Self::Fraudulent => Some("fraudulent"),
            Self::AuthenticationRequired => Some("authentication_required"),
            Self::TestModeLiveCard => Some("test_mode_live_card"),
            Self::ExpiredCard
            | Self::IncorrectCvc
            | Self::ProcessingError
            | Self::IncorrectNumber
            | Self::AuthenticationFailed => None,
        }
    }

    /// What the issuer advises.
    pub fn advice_code(self) -> Option<&'static str> {
        match self {
            Self::Generic | Self::InsufficientFunds | Self::ProcessingError | Self::CardVelocityExceeded => {
                Some("try_again_later")
            }
            Self::LostCard | Self::StolenCard | Self::Fraudulent | Self::TestModeLiveCard | Self::ExpiredCard => {
                Some("do_not_try_again")
            }
            Self::IncorrectCvc | Self::IncorrectNumber => Some("confirm_card_data"),
            Self::AuthenticationRequired | Self::AuthenticationFailed => None,
        }
    }

    /// The field of the card form that is at fault.
    pub fn param(self) -> Option<&'static str> {
        match self {
            Self::ExpiredCard => Some("exp_month"),
            Self::IncorrectCvc => Some("cvc"),
            Self::IncorrectNumber => Some("number"),
            _ => None,
        }
    }

    /// The sentence the buyer sees, word by word Stripe's.
    pub fn message(self) -> &'static str {
        match self {
            Self::Generic | Self::LostCard | Self::StolenCard | Self::Fraudulent => "Your card was declined.",
            Self::InsufficientFunds => "Your card has insufficient funds.",
            Self::ExpiredCard => "Your card has expired.",
            Self::IncorrectCvc => "Your card's security code is incorrect.",
            Self::ProcessingError => "An error occurred while processing your card. Try again in a little bit.",
            Self::IncorrectNumber => "Your card number is incorrect.",
            Self::CardVelocityExceeded => {
                "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
            }
            Self::AuthenticationRequired => "Your card was declined. This transaction requires authentication.",
            Self::AuthenticationFailed => {
                "We are unable to authenticate your payment method. Please choose a different payment method and try \
                 again."
            }
            Self::TestModeLiveCard => {
                "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list \
                 of valid test cards, visit: https://stripe.com/docs/testing."
            }
        }
    }
}

/// What a card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Pays.
    Pays,
    /// Is declined.
    Declines(Decline),
    /// Wants the buyer to authenticate, then pays.
    Authenticates,
    /// Wants the buyer to authenticate, then is declined all the same.
    AuthenticatesThenDeclines(Decline),
    /// Pays; its refunds stay pending until they are settled.
    RefundsLater,
    /// Pays; its refunds first succeed and may be failed later.
    RefundFails,
}

/// One documented card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestCard {
    /// The number typed into a form.
    pub number: &'static str,
    /// What follows `tok_` and `pm_card_`. Several, where Stripe has had several.
    pub names: &'static [&'static str],
    /// `visa`, `mastercard` …
    pub brand: &'static str,
    /// `credit`, `debit` or `prepaid`.
    pub funding: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
}

impl TestCard {
    /// The last four digits.
    pub fn last4(&self) -> &'static str {
        self.number.get(self.number.len() - 4..).unwrap_or(self.number)
    }
}

const fn card(
    number: &'static str,
    names: &'static [&'static str],
    brand: &'static str,
    funding: &'static str,
    behaviour: Behaviour,
) -> TestCard {
    TestCard { number, names, brand, funding, behaviour }
}

const fn pays(
    number: &'static str,
    names: &'static [&'static str],
    brand: &'static str,
    funding: &'static str,
) -> TestCard {
    card(number, names, brand, funding, Behaviour::Pays)
}

const fn visa(number: &'static str, names: &'static [&'static str], behaviour: Behaviour) -> TestCard {
    card(number, names, "visa", "credit", behaviour)
}

const fn declines(number: &'static str, names: &'static [&'static str], decline: Decline) -> TestCard {
    visa(number, names, Behaviour::Declines(decline))
}

/// Every card the stand-in knows.
pub const CARDS: &[TestCard] = &[
    pays("4242424242424242", &["visa", "us"], "visa", "credit"),
    pays("4000056655665556", &["visa_debit"], "visa", "debit"),
    pays("5555555555554444", &["mastercard"], "mastercard", "credit"),
    pays("2223003122003222", &[], "mastercard", "credit"),
    pays("5200828282828210", &["mastercard_debit"], "mastercard", "debit"),
    pays("5105105105105100", &["mastercard_prepaid"], "mastercard", "prepaid"),
    pays("378282246310005", &["amex"], "amex", "credit"),
    pays("371449635398431", &[], "amex", "credit"),
    pays("6011111111111117", &["discover"], "discover", "credit"),
    pays("6011000990139424", &[], "discover", "credit"),
    pays("3056930009020004", &["diners"], "diners", "credit"),
    pays("3566002020360505", &["jcb"], "jcb", "credit"),
    pays("6200000000000005", &["unionpay"], "unionpay", "credit"),
    declines("4000000000000002", &["visa_chargeDeclined", "chargeDeclined"], Decline::Generic),
    declines(
        "4000000000009995",
        &["visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"],
        Decline::InsufficientFunds,
    ),
    declines("4000000000009987", &["visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"], Decline::LostCard),
    declines("4000000000009979", &["visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"], Decline::StolenCard),
    declines(
        "4000000000000069",
        &["chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"],
        Decline::ExpiredCard,
    ),
    declines(
        "4000000000000127",
        &["chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"],
        Decline::IncorrectCvc,
    ),
    declines(
        "4000000000000119",
        &["chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"],
        Decline::ProcessingError,
    ),
    declines(
        "4000000000006975",
        &["visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"],
        Decline::CardVelocityExceeded,
    ),
    declines("4000000000000341", &["visa_chargeCustomerFail", "chargeCustomerFail"], Decline::Generic),
    declines(
        "4100000000000019",
        &["radarBlock", "visa_chargeDeclinedFraudulent", "chargeDeclinedFraudulent"],
        Decline::Fraudulent,
    ),
    visa("4000002500003155", &["authenticationRequiredOnSetup"], Behaviour::Authenticates),
    visa("4000002760003184", &["authenticationRequired"], Behaviour::Authenticates),
    visa("4000000000003220", &["threeDSecure2Required"], Behaviour::Authenticates),
    visa("4000000000003063", &["threeDSecureRequired"], Behaviour::Authenticates),
    visa(
        "4000008260003178",
        &["authenticationRequiredChargeDeclinedInsufficientFunds"],
        Behaviour::AuthenticatesThenDeclines(Decline::InsufficientFunds),
    ),
    visa(
        "4000008400001629",
        &["threeDSecureRequiredChargeDeclined"],
        Behaviour::AuthenticatesThenDeclines(Decline::Generic),
    ),
    visa("4000000000007726", &["pendingRefund"], Behaviour::RefundsLater),
    visa("4000000000005126", &["refundFail"], Behaviour::RefundFails),
];

/// The card with this number.
pub fn by_number(number: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.number == number)
}

/// The card behind `tok_…` or `pm_card_…`, the fixed names Stripe gives its test cards.
pub fn by_name(id: &str) -> Option<&'static TestCard> {
    let name = id.strip_prefix("pm_card_").or_else(|| id.strip_prefix("tok_"))?;
    CARDS.iter().find(|card| card.names.contains(&name))
}

/// Whether the last digit fits the others (Luhn's sum), which every card number's does.
pub fn is_plausible(number: &str) -> bool {
    if !(12..=19).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_number_is_a_plausible_one() {
        for card in CARDS {
            assert!(is_plausible(card.number), "{}", card.number);
        }
        assert!(!is_plausible("4242424242424241"));
        assert!(!is_plausible("4242"));
        assert!(!is_plausible("4242 4242 4242 4242"));
    }

    #[test]
    fn names_and_numbers_are_each_one_cards() {
        let mut names: Vec<_> = CARDS.iter().flat_map(|card| card.names).collect();
        let mut numbers: Vec<_> = CARDS.iter().map(|card| card.number).collect();
        let counts = (names.len(), numbers.len());
        names.sort_unstable();
        names.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((names.len(), numbers.len()), counts);
    }

    #[test]
    fn tokens_and_payment_methods_share_their_names() {
        assert_eq!(by_name("tok_visa"), by_name("pm_card_visa"));
        assert_eq!(by_name("tok_chargeDeclined"), by_number("4000000000000002"));
        assert_eq!(by_name("tok_1234"), None);
        assert_eq!(by_name("visa"), None);
    }
}
