//! The client of the api's routes within the process.
//!
//! `operations` names each operation that the console uses, `call` makes a request, `problem` reads
//! a refusal. Answers are read into small structs with the members that a page shows.

mod call;
pub(crate) mod operations;
pub(crate) mod problem;

pub(crate) use call::{Answer, Call, List};
pub(crate) use operations::Operation;
pub(crate) use problem::Problem;
