//! The schema of a gateway's database, one file per version. A file that was released is never changed.

mod m0001_first;
mod m0002_asked;
mod m0003_desk_mark;
mod m0004_directory;
mod m0005_heads;
mod m0006_stamp;
mod m0007_anew;
mod m0008_why;
mod m0009_misconduct;
mod m0010_opening;
mod m0011_put_off;
mod m0012_release;
mod m0013_directory_by_root;
mod m0014_receipt_leaf;
mod m0015_attachment;
mod m0016_awaited_statement;
mod m0017_stretch;
mod m0018_rejected;
mod m0019_entry_expires;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Migration),
            Box::new(m0002_asked::Migration),
            Box::new(m0003_desk_mark::Migration),
            Box::new(m0004_directory::Migration),
            Box::new(m0005_heads::Migration),
            Box::new(m0006_stamp::Migration),
            Box::new(m0007_anew::Migration),
            Box::new(m0008_why::Migration),
            Box::new(m0009_misconduct::Migration),
            Box::new(m0010_opening::Migration),
            Box::new(m0011_put_off::Migration),
            Box::new(m0012_release::Migration),
            Box::new(m0013_directory_by_root::Migration),
            Box::new(m0014_receipt_leaf::Migration),
            Box::new(m0015_attachment::Migration),
            Box::new(m0016_awaited_statement::Migration),
            Box::new(m0017_stretch::Migration),
            Box::new(m0018_rejected::Migration),
            Box::new(m0019_entry_expires::Migration),
        ]
    }
}
