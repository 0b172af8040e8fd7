//! What is much work, or takes much memory, is put off, and refused when it is too much.

use super::*;

/// Sets a field so often.
fn names(count: usize) -> Vec<Instruction> {
    vec![named(1, "Rex"); count]
}

fn outcomes(realm: &Realm, pace: Pace, pendings: Vec<Pending>) -> Vec<Result<(), Refusal>> {
    realm.integrate_at(pace, pendings).unwrap().outcomes
}

#[test]
fn much_work_is_put_off_and_leaves_nothing_behind() {
    let server = begun(Limits {
        brief_merge_work: 4000,
        ..Limits::default()
    });
    let realm = server.realm();
    let mut clients: Vec<Client> = (0..5).map(|_| Client::new(&realm)).collect();
    let mut uploads = clients.iter_mut();
    let mut upload = |count| uploads.next().unwrap().upload(vec![(2, names(count))]);
    let (first, second, third, fourth, fifth) =
        (upload(50), upload(50), upload(50), upload(50), upload(0));
    assert_eq!(outcomes(&realm, Pace::Brief, vec![first]), [Ok(())]);
    // The second meets 50 instructions of the first, and the third those of both: together too much. Whoever comes then has nothing left to spend,
    // and whoever needs nothing is not held up.
    let batch = vec![second, third.clone(), fourth, fifth];
    let long = Err(Refusal::Long);
    assert_eq!(
        outcomes(&realm, Pace::Brief, batch),
        [Ok(()), long.clone(), long, Ok(())]
    );
    let before = realm.head();
    assert_eq!(
        outcomes(&realm, Pace::Brief, vec![third.clone()]),
        [Err(Refusal::Long)]
    );
    assert_eq!(realm.head(), before);
    assert_eq!(outcomes(&realm, Pace::Long, vec![third]), [Ok(())]);
    assert_eq!(realm.head().version.0, before.version.0 + 1);
}

#[test]
fn too_much_work_is_told_to_reset_and_nothing_is_to_be_merged_then() {
    let server = begun(Limits {
        merge_work: 6000,
        ..Limits::default()
    });
    let realm = server.realm();
    let (mut ahead, mut behind) = (Client::new(&realm), Client::new(&realm));
    server.integrate(vec![ahead.upload(vec![(2, names(100))])]);
    let upload = behind.upload(vec![(2, names(100))]);
    assert_eq!(
        outcomes(&realm, Pace::Long, vec![upload]),
        [Err(Refusal::Expired)]
    );
    // Its window was thrown away, and what can be merged is.
    let upload = behind.upload(vec![(2, names(10))]);
    assert_eq!(outcomes(&realm, Pace::Long, vec![upload]), [Ok(())]);
    let newest = realm.head().version.0;
    let mut reset = Client::new(&realm);
    let upload = reset.upload(vec![(newest, names(100))]);
    assert_eq!(outcomes(&realm, Pace::Brief, vec![upload]), [Ok(())]);
}

#[test]
fn forms_are_made_once_in_a_turn_and_that_is_work_too() {
    let [once, less] = [4000, 1500].map(|brief_merge_work| {
        let server = begun(Limits {
            brief_merge_work,
            ..Limits::default()
        });
        let realm = server.realm();
        let (mut ahead, mut behind) = (Client::new(&realm), Client::new(&realm));
        let small = vec![(2, names(1)); 20];
        // The names, which nobody touches, make the last one large.
        let large = [vec![walk(1, 0, 0, 0)], names(2000)].concat();
        server.integrate(vec![ahead.upload([small, vec![(2, large)]].concat())]);
        let meets = |number: u32| (3 + u64::from(number), vec![walk(1, number, number, 1)]);
        let upload = behind.upload((0..20).map(meets).collect());
        outcomes(&realm, Pace::Brief, vec![upload])
    });
    assert_eq!((once, less), (vec![Ok(())], vec![Err(Refusal::Long)]));
}

#[test]
fn much_memory_is_put_off() {
    let server = begun(Limits {
        brief_memory_bytes: 100_000,
        changeset_memory_bytes: 300_000,
        ..Limits::default()
    });
    let realm = server.realm();
    let (mut ahead, mut behind) = (Client::new(&realm), Client::new(&realm));
    let upload = ahead.upload(vec![(2, names(1000))]);
    for (pace, outcome) in [(Pace::Brief, Err(Refusal::Long)), (Pace::Long, Ok(()))] {
        let upload = vec![upload.clone()];
        assert_eq!(outcomes(&realm, pace, upload), [outcome], "{pace:?}");
    }
    // What the other has not seen takes as much.
    let upload = behind.upload(vec![(2, vec![dog(2)])]);
    for (pace, outcome) in [(Pace::Brief, Err(Refusal::Long)), (Pace::Long, Ok(()))] {
        let upload = vec![upload.clone()];
        assert_eq!(outcomes(&realm, pace, upload), [outcome], "{pace:?}");
    }
    let upload = ahead.upload(vec![(2, names(10_000))]);
    let refused = outcomes(&realm, Pace::Long, vec![upload]);
    assert!(
        matches!(refused[..], [Err(Refusal::TooLarge(_))]),
        "{refused:?}"
    );
}
