//! The faces of public types: what a server builds on.

use core::fmt::Debug;

use super::*;

#[test]
fn everything_of_a_connection_goes_from_thread_to_thread() {
    fn is<T: Send + Sync + Debug>() {}
    is::<Challenge>();
    is::<EnlistmentToken>();
    is::<Enlistment>();
    is::<Route>();
    is::<Arrival<'static>>();
    is::<Question>();
    is::<EnlistedDevice>();
    is::<PrekeyBatch>();
    is::<Delivery>();
}
