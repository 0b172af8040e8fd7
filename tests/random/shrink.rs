//! Fewer steps that fail all the same (delta debugging).

/// The shortest list found for which `fails` holds, leaving out parts of `steps`; at most `budget` lists are tried.
pub fn shrink<S: Clone>(
    steps: Vec<S>,
    mut budget: usize,
    mut fails: impl FnMut(&[S]) -> bool,
) -> Vec<S> {
    let mut steps = steps;
    let mut size = steps.len().div_ceil(2);
    while size > 0 && budget > 0 {
        let before = steps.len();
        let mut at = 0;
        while at < steps.len() && budget > 0 {
            let end = (at + size).min(steps.len());
            let rest = [&steps[..at], &steps[end..]].concat();
            budget -= 1;
            if fails(&rest) {
                steps = rest;
            } else {
                at = end;
            }
        }
        if steps.len() == before || size > steps.len() {
            size /= 2;
        }
    }
    steps
}

#[test]
fn what_does_not_matter_is_left_out() {
    let fails = |steps: &[u32]| steps.contains(&17) && steps.contains(&61);
    let mut tries = 0;
    let left = shrink((0..100).collect(), 500, |steps| {
        tries += 1;
        fails(steps)
    });
    assert_eq!(left, [17, 61]);
    assert!(tries < 200, "{tries}");
    assert_eq!(shrink((0..100).collect(), 0, fails).len(), 100);
}
