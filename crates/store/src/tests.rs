//! The store of a team against objects whose answers get lost, conflict and come late.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pgward_engine::{JournalLine, Lease as _, Record};

use crate::{
    Claim, Clocks, Condition, Held, LeaseError, Object, ObjectStore, Objects, Put, Standing, Store,
    StoreError,
};

/// What the next write does instead of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quirk {
    /// 409: nothing was written.
    Conflict,
    /// It is written, and the answer is lost.
    LostAnswer,
    /// It is written, and the repeated request hears that the condition does not hold.
    Repeated,
    /// It is not written, and no answer comes.
    Down,
}

#[derive(Debug, Default)]
struct Shelf {
    objects: BTreeMap<String, (String, u64)>,
    writes: u64,
    quirks: VecDeque<Quirk>,
    age: Duration,
}

/// Objects in memory.
#[derive(Debug, Default)]
struct Toy(Mutex<Shelf>);

impl Toy {
    fn quirks(&self, quirks: &[Quirk]) {
        self.0.lock().unwrap().quirks.extend(quirks);
    }

    fn age(&self, age: Duration) {
        self.0.lock().unwrap().age = age;
    }

    fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }

    fn text(&self, key: &str) -> String {
        self.0.lock().unwrap().objects[key].0.clone()
    }
}

impl Objects for Toy {
    fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let shelf = self.0.lock().unwrap();
        Ok(shelf.objects.get(key).map(|(text, tag)| Object {
            text: text.clone(),
            tag: tag.to_string(),
            age: Some(shelf.age),
        }))
    }

    fn put(&self, key: &str, text: &str, condition: &Condition) -> Result<Put, StoreError> {
        let mut shelf = self.0.lock().unwrap();
        let down = Err(StoreError::Object {
            action: "write",
            key: key.to_owned(),
            why: "no answer".to_owned(),
        });
        let quirk = shelf.quirks.pop_front();
        match quirk {
            Some(Quirk::Conflict) => return Ok(Put::Again),
            Some(Quirk::Down) => return down,
            Some(Quirk::LostAnswer | Quirk::Repeated) | None => {}
        }
        let found = shelf.objects.get(key).map(|(_, tag)| tag.to_string());
        let holds = match condition {
            Condition::Absent => found.is_none(),
            Condition::Tag(tag) => found.as_ref() == Some(tag),
        };
        if !holds {
            return Ok(Put::Moved);
        }
        shelf.writes += 1;
        let tag = shelf.writes;
        shelf.objects.insert(key.to_owned(), (text.to_owned(), tag));
        match quirk {
            Some(Quirk::LostAnswer) => down,
            Some(Quirk::Repeated) => Ok(Put::Moved),
            Some(Quirk::Conflict | Quirk::Down) | None => Ok(Put::Done(tag.to_string())),
        }
    }

    fn shown(&self, key: &str) -> String {
        format!("s3://bucket/{key}")
    }
}

fn stage() -> (Arc<Toy>, ObjectStore, Clocks) {
    let toy = Arc::new(Toy::default());
    let objects: Arc<dyn Objects> = Arc::clone(&toy) as Arc<dyn Objects>;
    let store = ObjectStore::new(objects, "/pgward/", "library", "prod");
    (toy, store, Clocks::new(Timestamp::now))
}

fn take(store: &ObjectStore, clocks: &Clocks, holder: &str) -> Result<Arc<Held>, LeaseError> {
    let claim = Claim {
        holder: holder.to_owned(),
        command: "apply prod".to_owned(),
    };
    store.take(&claim, clocks)
}

fn holder_of(standing: Standing) -> String {
    match standing {
        Standing::Held(Some(sighting)) => sighting.holder.holder,
        other => panic!("expected a holder, got {other:?}"),
    }
}

#[test]
fn one_at_a_time_has_the_lease() {
    let (toy, store, clocks) = stage();
    let first = take(&store, &clocks, "first").expect("free");
    assert!(matches!(
        take(&store, &clocks, "second"),
        Err(LeaseError::Held(Some(_)))
    ));
    assert_eq!(holder_of(store.standing(&clocks).unwrap()), "first");
    drop(first);
    assert_eq!(store.standing(&clocks).unwrap(), Standing::Free);
    let second = take(&store, &clocks, "second").expect("given back");
    second.identify("arn:aws:iam::111122223333:user/a");
    assert!(
        toy.text("pgward/library/prod/lease.json")
            .contains("user/a")
    );
    assert_eq!(toy.keys(), ["pgward/library/prod/lease.json"]);
}

#[test]
fn conflicts_are_repeated_and_lost_answers_looked_up() {
    use Quirk::{Conflict, LostAnswer, Repeated};
    for quirks in [
        &[Conflict][..],
        &[LostAnswer],
        &[Repeated],
        &[Conflict, Conflict, LostAnswer],
    ] {
        let (toy, store, clocks) = stage();
        toy.quirks(quirks);
        let held = take(&store, &clocks, "first").expect("free");
        toy.quirks(quirks);
        held.identify("arn");
        toy.quirks(&[Conflict]);
        held.identify("another");
        assert_eq!(held.check(), Ok(()), "{quirks:?}");
        toy.quirks(quirks);
        drop(held);
        assert_eq!(
            store.standing(&clocks).unwrap(),
            Standing::Free,
            "{quirks:?}"
        );
    }
}

#[test]
fn a_store_that_is_down_gives_no_lease_and_takes_none_at_once() {
    let (toy, store, clocks) = stage();
    toy.quirks(&[Quirk::Down]);
    assert!(matches!(
        take(&store, &clocks, "first"),
        Err(LeaseError::Store(StoreError::Object { .. }))
    ));
    let held = take(&store, &clocks, "first").expect("free");
    toy.quirks(&[Quirk::Down]);
    held.identify("arn");
    assert_eq!(held.check(), Ok(()));
}

#[test]
fn a_lease_that_is_not_renewed_is_taken_over() {
    let (toy, store, clocks) = stage();
    let first = take(&store, &clocks, "first").expect("free");
    toy.age(Duration::from_secs(16 * 60));
    assert_eq!(store.standing(&clocks).unwrap(), Standing::Free);
    let second = take(&store, &clocks, "second").expect("over");
    toy.age(Duration::ZERO);
    first.identify("arn");
    assert_eq!(
        first.check(),
        Err("the lock was taken over by second".to_owned())
    );
    drop(first);
    second.identify("arn");
    assert_eq!(second.check(), Ok(()));
    assert_eq!(holder_of(store.standing(&clocks).unwrap()), "second");
}

#[test]
fn force_takes_only_the_lease_that_was_meant() {
    let (_, store, clocks) = stage();
    let first = take(&store, &clocks, "first").expect("free");
    let id = first.holder().id;
    assert!(!store.release_by_force("00000000", "me", &clocks).unwrap());
    assert!(store.release_by_force(&id, "me", &clocks).unwrap());
    assert!(!store.release_by_force(&id, "me", &clocks).unwrap());
    first.identify("arn");
    assert_eq!(first.check(), Err("the lock was released by me".to_owned()));
    drop(first);
    take(&store, &clocks, "second").expect("free");
}

#[test]
fn something_else_in_place_of_a_lease_is_left_alone() {
    let (toy, store, clocks) = stage();
    let key = "pgward/library/prod/lease.json";
    toy.put(key, "notes", &Condition::Absent).unwrap();
    assert!(matches!(
        take(&store, &clocks, "first"),
        Err(LeaseError::Store(StoreError::Format { .. }))
    ));
    assert_eq!(toy.text(key), "notes");
}

#[test]
fn sixteen_take_turns() {
    let (_, store, clocks) = stage();
    let inside = AtomicUsize::new(0);
    let turns = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (store, clocks) = (&store, &clocks);
            let (inside, turns) = (&inside, &turns);
            scope.spawn(move || {
                loop {
                    match take(store, clocks, &number.to_string()) {
                        Ok(held) => {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            held.check().expect("ours");
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                            turns.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        Err(LeaseError::Held(_)) => std::thread::yield_now(),
                        Err(LeaseError::Store(error)) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(turns.into_inner(), 16);
}

#[test]
fn every_line_of_the_journal_is_an_object() {
    let (toy, store, _) = stage();
    toy.quirks(&[Quirk::LostAnswer, Quirk::Conflict]);
    let journal = store.journal("20251112T100200Z-1a2b").expect("a journal");
    for what in ["intent", "done"] {
        let line = JournalLine {
            at: Timestamp::UNIX_EPOCH,
            what,
            address: "instance",
            verb: "create",
            name: "library-prod",
            note: String::new(),
        };
        journal.write(&line).expect("written");
    }
    let folder = "pgward/library/prod/20251112T100200Z-1a2b";
    assert_eq!(
        toy.keys(),
        [
            format!("{folder}/000001.json"),
            format!("{folder}/000002.json")
        ]
    );
    // The same run again would write over what another has written.
    let again = store.journal("20251112T100200Z-1a2b").expect("a journal");
    let line = JournalLine {
        at: Timestamp::UNIX_EPOCH,
        what: "start",
        address: "",
        verb: "",
        name: "",
        note: String::new(),
    };
    again.write(&line).unwrap_err();
}

#[test]
fn record_and_marks_are_kept() {
    let (toy, store, _) = stage();
    assert_eq!(store.record().unwrap(), None);
    store.forget_record().unwrap();
    assert_eq!(toy.keys(), Vec::<String>::new());
    let record = Record {
        format: "pgward.record/1".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        commit: None,
        by: "arn".to_owned(),
        account: String::new(),
        region: String::new(),
        plan: "1a2b".to_owned(),
        values: BTreeMap::new(),
        waiting: BTreeMap::new(),
        names: BTreeMap::new(),
    };
    toy.quirks(&[Quirk::Conflict, Quirk::LostAnswer]);
    store.keep_record(&record).unwrap();
    store.keep_record(&record).unwrap();
    assert_eq!(store.record().unwrap(), Some(record));
    store.forget_record().unwrap();
    assert_eq!(store.record().unwrap(), None);

    assert!(!store.was_used("used-1a2b").unwrap());
    toy.quirks(&[Quirk::LostAnswer]);
    assert!(store.use_plan("used-1a2b").unwrap());
    assert!(!store.use_plan("used-1a2b").unwrap());
    assert!(store.was_used("used-1a2b").unwrap());
}
