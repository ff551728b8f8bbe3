//! An admin's own phone, on which a goal's text may be tested. A phone proves itself by a text with
//! the admin's code to a number of the goal's group: no phone is tested on that has not asked.

use sha2::{Digest, Sha256};

use crate::ids::MemberId;

/// Tests on one phone within an hour.
pub const TESTS_PER_HOUR: i32 = 10;
/// Stands in front of a test's words.
pub const MARK: &str = "[Test] ";

/// Returns the text by which a phone becomes this member's own, such as `TEST 1a2b3c4d5e`.
pub fn proof(member: MemberId) -> String {
    let hash = Sha256::digest(format!("own phone of {member}"));
    let code = hash.iter().take(5).fold(0_u64, |code, byte| (code << 8) | u64::from(*byte));
    format!("TEST {code:010x}")
}

/// Returns a text as it is tested.
pub fn marked(body: &str) -> String {
    format!("{MARK}{body}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_members_proof_is_their_own_and_stays() {
        let one = MemberId(Uuid::from_u128(1));
        assert_eq!(proof(one), proof(one));
        assert_ne!(proof(one), proof(MemberId(Uuid::from_u128(2))));
        assert_eq!(proof(one).len(), "TEST ".len() + 10);
        assert_eq!(marked("Hi"), "[Test] Hi");
    }
}
