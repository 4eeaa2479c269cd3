//! A database of an earlier program is carried over.

use sea_orm::{ConnectionTrait, Database};
use store::gateway::Batch;

use crate::{
    Place,
    conformance::ledger::{leaf, places, receipt},
};

const LOG: &str = "rogatory.internal/jp/fr";

/// As the program before left it: receipts know no leaves, and each leaf has a row and is found by the entry that it names.
const BEFORE: [&str; 7] = [
    r#"UPDATE "leaf" SET "entry_id" = (SELECT n."entry_id" FROM "leaf_named" AS n WHERE n."idx" = "leaf"."idx")"#,
    r#"DELETE FROM "leaf_named""#,
    r#"DROP INDEX "receipt_rejected_by_entry_id""#,
    r#"DROP INDEX "leaf_by_entry_id""#,
    r#"ALTER TABLE "receipt" DROP COLUMN "leaf""#,
    r#"CREATE INDEX "leaf_by_entry_id" ON "leaf" ("entry_id")"#,
    r#"DELETE FROM "seaql_migrations" WHERE "version" = 'gateway_m0014_receipt_leaf'"#,
];

impl Place {
    /// Runs statements beside the store.
    async fn run(&self, statements: &[&str]) {
        match self {
            Self::Folder(_) => {
                let connection = Database::connect(self.url().to_string()).await.unwrap();
                for statement in statements {
                    connection.execute_unprepared(statement).await.unwrap();
                }
                connection.close().await.unwrap();
            }
            Self::Server(server, name) => {
                for statement in statements {
                    server.run(name, statement).await;
                }
            }
        }
    }
}

async fn leaves_of_before_are_found_beside_new_ones(place: Place) {
    let store = place.gateway().await;
    let before = Batch {
        leaves: vec![leaf(LOG, 0, 1, true), leaf(LOG, 1, 2, true)],
        receipts: vec![receipt(1, "taken", None), receipt(2, "taken", None)],
        ..Batch::default()
    };
    for leaf in before.leaves.clone() {
        store.commit(&Batch { leaves: vec![leaf], ..Batch::default() }).await.unwrap();
    }
    store.commit(&Batch { leaves: Vec::new(), ..before.clone() }).await.unwrap();
    store.close().await.unwrap();
    place.run(&BEFORE).await;
    let store = place.gateway().await;
    let after = Batch {
        leaves: vec![leaf(LOG, 2, 1, false)],
        receipts: vec![receipt(1, "delivered", Some(2))],
        ..Batch::default()
    };
    store.commit(&after).await.unwrap();
    assert_eq!(places(&store, LOG, &[1]).await, [0, 2]);
    assert_eq!(places(&store, LOG, &[2]).await, [1]);
    let kept = store.receipts_of(crate::conformance::entry_id(1)).await.unwrap();
    assert_eq!(kept.iter().map(|row| row.leaf).collect::<Vec<_>>(), [None, Some(2)]);
    // What was written twice is there once, as before.
    store.commit(&before).await.unwrap();
    assert_eq!(store.leaf_count(LOG).await.unwrap(), 3);
}

#[tokio::test]
async fn leaves_that_an_earlier_program_wrote_into_sqlite_are_found_by_the_entries_that_they_name() {
    leaves_of_before_are_found_beside_new_ones(Place::folder()).await;
}

#[tokio::test]
async fn leaves_that_an_earlier_program_wrote_into_postgresql_are_found_by_the_entries_that_they_name() {
    leaves_of_before_are_found_beside_new_ones(Place::server("leaves_of_before").await).await;
}
