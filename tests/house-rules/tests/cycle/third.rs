use super::first::First;

pub struct Third(First);
