use blobs::{Depot, Place};
use bytes::Bytes;
use model::{CaseId, Digest, FileId};

fn place(case: u8, file: u8) -> Place {
    Place { case: CaseId::new([case; 16]), file: FileId::new([file; 16]) }
}

#[tokio::test]
async fn a_piece_is_found_again_under_its_case_file_place_and_digest_only() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::open(&folder.path().join("sealed")).unwrap();
    let bytes = Bytes::from_static(b"sealed piece");
    let digest = depot.put_piece(place(1, 1), 3, bytes.clone()).await.unwrap();
    assert_eq!(digest, Digest::of(&[&bytes]));
    assert_eq!(depot.put_piece(place(1, 1), 3, bytes.clone()).await.unwrap(), digest);
    let again = Depot::open(&folder.path().join("sealed")).unwrap();
    assert_eq!(again.piece(place(1, 1), 3, digest).await.unwrap(), Some(bytes.clone()));
    for (other, index) in [(place(1, 1), 4), (place(1, 2), 3), (place(2, 1), 3)] {
        assert_eq!(depot.piece(other, index, digest).await.unwrap(), None, "files share nothing");
    }
    let held = depot.held(place(1, 1)).await.unwrap();
    assert_eq!(held.into_iter().collect::<Vec<_>>(), [((3, digest), bytes.len() as u64)]);
    assert!(depot.held(place(9, 9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_piece_that_the_disk_has_altered_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::open(folder.path()).unwrap();
    let digest = depot.put_piece(place(1, 1), 0, Bytes::from_static(b"sealed piece")).await.unwrap();
    let file = folder.path().join(place(1, 1).case.to_string()).join(place(1, 1).file.to_string());
    let file = file.join(format!("{:08}-{digest}", 0));
    std::fs::write(&file, b"sealed piecf").unwrap();
    let denial = depot.piece(place(1, 1), 0, digest).await.unwrap_err();
    assert_eq!(denial.reason(), "STORAGE");
    assert!(!denial.to_string().contains(&place(1, 1).case.to_string()), "an error names no case: {denial}");
}

#[tokio::test]
async fn what_is_destroyed_is_gone_with_what_a_kill_left_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::open(folder.path()).unwrap();
    for file in [1, 2] {
        depot.put_piece(place(1, file), 0, Bytes::from_static(b"sealed")).await.unwrap();
        depot.put_outline(place(1, file), Bytes::from_static(b"outline")).await.unwrap();
    }
    let case = folder.path().join(place(1, 1).case.to_string());
    std::fs::write(case.join(place(1, 1).file.to_string()).join("00000001-half#1"), b"half").unwrap();
    depot.remove(place(1, 1)).await.unwrap();
    depot.remove(place(1, 1)).await.unwrap();
    assert_eq!(depot.outline(place(1, 1)).await.unwrap(), None);
    assert!(!case.join(place(1, 1).file.to_string()).exists());
    assert_eq!(depot.outline(place(1, 2)).await.unwrap(), Some(Bytes::from_static(b"outline")));
    depot.remove(place(1, 2)).await.unwrap();
    assert!(!case.exists(), "the last file of a case takes its folder along");
}
