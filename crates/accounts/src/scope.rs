//! What an account may do besides what every user may: the scope of its tokens.

/// The scope of the tokens of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountScope {
    /// None: a user.
    #[default]
    User,
    /// `moderator`.
    Moderator,
    /// `admin`.
    Admin,
}

impl AccountScope {
    /// The scope that a token has, which is empty for a user.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::User, Self::Moderator, Self::Admin];
        all.into_iter().find(|scope| scope.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_one_scope_and_the_rights_are_in_order() {
        for scope in [
            AccountScope::User,
            AccountScope::Moderator,
            AccountScope::Admin,
        ] {
            assert_eq!(AccountScope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(AccountScope::parse("service"), None);
        assert!(AccountScope::User < AccountScope::Moderator);
        assert!(AccountScope::Moderator < AccountScope::Admin);
    }
}
