//! The presence of a device. Gateways share it as they share that of a user, under a name that no
//! user can have.

/// A control character, which no user id and no device id contains.
const SEPARATOR: char = '\u{1f}';

/// The name under which the presence of a device is shared and remembered.
pub fn device_name(user: &str, device: &str) -> String {
    format!("{user}{SEPARATOR}{device}")
}

/// Whether a name is that of a device, and not of a user.
pub fn is_device_name(name: &str) -> bool {
    name.contains(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_users_have_different_names() {
        assert!(is_device_name(&device_name("ann", "phone")));
        assert!(!is_device_name("ann phone"));
        assert_ne!(device_name("ann", "bphone"), device_name("annb", "phone"));
    }
}
