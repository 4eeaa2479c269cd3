//! The schema of a desk's database, one file per version. A file that was released is never changed.

mod m0001_first;
mod m0002_clock;
mod m0003_errand;
mod m0004_programs;
mod m0005_responder;
mod m0006_record_key;
mod m0008_exhibit;
mod m0009_looked_up;
mod m0010_listed;
mod m0011_fold;
mod m0012_custody;
mod m0013_parked;
mod m0014_leaf;
mod m0015_attachment;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Migration),
            Box::new(m0002_clock::Migration),
            Box::new(m0003_errand::Migration),
            Box::new(m0004_programs::Migration),
            Box::new(m0005_responder::Migration),
            Box::new(m0006_record_key::Migration),
            Box::new(m0009_looked_up::Migration),
            Box::new(m0010_listed::Migration),
            Box::new(m0011_fold::Migration),
            Box::new(m0012_custody::Migration),
            Box::new(m0013_parked::Migration),
            // Its number was free; it came in behind the others.
            Box::new(m0008_exhibit::Migration),
            Box::new(m0014_leaf::Migration),
            Box::new(m0015_attachment::Migration),
        ]
    }
}
