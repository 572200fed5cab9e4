//! The control of the gate's step `constant_time`: a function that says the same as `last_byte` and has no branch
//! in its source but the loops, of which compilers make several.

const BLOCK: usize = 64;

pub fn control(padded: &[u8]) -> (usize, u16) {
    let (mut last, mut begins) = ([0; BLOCK], 0);
    let (blocks, _) = padded.as_chunks::<BLOCK>();
    for (block, place) in blocks.iter().zip((0..).step_by(BLOCK)) {
        let any = block.iter().fold(0, |any, byte| any | byte);
        let mask = 0_u8.wrapping_sub(u8::from(any != 0));
        for (kept, byte) in last.iter_mut().zip(block) {
            *kept = (*kept & !mask) | (byte & mask);
        }
        begins = if any == 0 { begins } else { place };
    }
    let marker = last.iter().zip(1_u16..).fold(0, |marker, (byte, place)| {
        let here = place.wrapping_shl(8) | u16::from(*byte);
        u16::max(marker, if *byte == 0 { 0 } else { here })
    });
    (begins, marker)
}
