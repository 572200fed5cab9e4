use super::*;

#[test]
fn no_label_is_a_prefix_of_another() {
    for (i, a) in ALL.iter().enumerate() {
        for (j, b) in ALL.iter().enumerate() {
            assert!(i == j || !a.starts_with(b));
        }
    }
}

#[test]
fn only_the_last_byte_of_a_label_is_a_full_stop() {
    for label in ALL {
        let stops: alloc::vec::Vec<_> = label.iter().filter(|byte| **byte == b'.').collect();
        assert_eq!(stops.len(), 1);
        assert_eq!(label.last(), Some(&b'.'));
    }
}
