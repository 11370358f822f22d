pub struct Second;

fn print() {
    println!("{}", size_of::<crate::first::First>());
}
