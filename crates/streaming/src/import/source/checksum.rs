//! The CRC-32 of records, by whatever polynomial the store was written with.

/// The polynomials that have names, reversed as Go's `hash/crc32` has them.
const KNOWN: [(&str, u32); 3] = [("IEEE", IEEE), ("Castagnoli", 0x82f6_3b78), ("Koopman", 0xeb31_d82e)];

const IEEE: u32 = 0xedb8_8320;

/// How CRCs are made, and whether they are looked at.
#[derive(Debug, Clone)]
pub struct Checksum {
    polynomial: u32,
    /// Of another polynomial than [`IEEE`].
    table: Option<Box<[u32; 256]>>,
    is_checked: bool,
}

impl Checksum {
    /// By `polynomial`, reversed. Where `is_checked` is false, every CRC is taken for right.
    pub fn new(polynomial: u32, is_checked: bool) -> Self {
        let table = (polynomial != IEEE).then(|| Box::new(table(polynomial)));
        Self { polynomial, table, is_checked }
    }

    /// By the polynomial the original takes where it is told none.
    pub fn ieee(is_checked: bool) -> Self {
        Self::new(IEEE, is_checked)
    }

    /// Whether CRCs are looked at.
    pub fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// Whether `sum` is that of `bytes`.
    pub fn fits(&self, bytes: &[u8], sum: u32) -> bool {
        !self.is_checked || self.of(bytes) == sum
    }

    fn of(&self, bytes: &[u8]) -> u32 {
        let Some(table) = &self.table else { return crc32fast::hash(bytes) };
        !bytes.iter().fold(!0_u32, |sum, byte| table[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8))
    }

    /// Another well-known polynomial by which `sum` would fit, and how to ask for it.
    pub fn other_that_fits(&self, bytes: &[u8], sum: u32) -> Option<String> {
        let fits = |polynomial: u32| polynomial != self.polynomial && Self::new(polynomial, true).of(bytes) == sum;
        let (name, polynomial) = KNOWN.into_iter().find(|(_, polynomial)| fits(*polynomial))?;
        Some(format!("its CRC is by {name}'s polynomial: give --file_crc_poly {polynomial}"))
    }
}

fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    for (byte, entry) in (0_u32..).zip(&mut table) {
        *entry = (0..8).fold(byte, |sum, _| if sum & 1 == 1 { (sum >> 1) ^ polynomial } else { sum >> 1 });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_the_catalogue_come_out() {
        for (polynomial, check) in [(IEEE, 0xcbf4_3926), (0x82f6_3b78, 0xe306_9283), (0xeb31_d82e, 0x2d3d_d0ae)] {
            assert_eq!(Checksum::new(polynomial, true).of(b"123456789"), check, "{polynomial:#x}");
        }
        // Without its own shortcut, too.
        let by_table = Checksum { polynomial: IEEE, table: Some(Box::new(table(IEEE))), is_checked: true };
        assert_eq!(by_table.of(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn another_polynomial_is_recognised_and_none_is_when_nothing_is_looked_at() {
        let hint = Checksum::ieee(true).other_that_fits(b"123456789", 0xe306_9283);
        assert_eq!(hint.as_deref(), Some("its CRC is by Castagnoli's polynomial: give --file_crc_poly 2197175160"));
        assert_eq!(Checksum::ieee(true).other_that_fits(b"123456789", 7), None);
        assert!(Checksum::new(IEEE, false).fits(b"x", 0));
        assert!(!Checksum::ieee(true).fits(b"x", 0));
    }
}
