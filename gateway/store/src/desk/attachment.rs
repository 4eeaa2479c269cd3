use model::{CaseId, Digest, FileId};
use sea_orm::{entity::prelude::*, sea_query::Expr};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// A file that this desk seals, or has sealed, for a record that is to name it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// SHA-256 of the file.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Stored<Digest>,
    /// What names it at the gateway.
    pub file_id: Stored<FileId>,
    /// The manifest, with the key. Encrypted.
    pub manifest: Blob,
    /// 1 where the gateway has all of it.
    pub complete: i64,
    /// When it was begun.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// The file of a case that has this hash.
    pub async fn attachment(&self, case: CaseId, hash: Digest) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id((Stored(case), Stored(hash)))).await
    }

    /// Keeps what is begun. What is there stays.
    pub async fn begin_attachment(&self, row: &Model) -> Result<(), StoreError> {
        let keys = [Column::CaseId, Column::Hash];
        write::insert_new::<Entity, _, _>(self.engine.write(), &keys, std::slice::from_ref(row)).await.map(drop)
    }

    /// Notes that the gateway has all of a file, with its whole manifest.
    pub async fn complete_attachment(&self, case: CaseId, hash: Digest, manifest: &Blob) -> Result<(), StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Complete, Expr::value(1_i64))
            .col_expr(Column::Manifest, Expr::value(manifest.clone()))
            .filter(Column::CaseId.eq(Stored(case)))
            .filter(Column::Hash.eq(Stored(hash)));
        update.exec(self.engine.write()).await?;
        Ok(())
    }

    /// Destroys the keys of one file: it was no such file.
    pub async fn forget_attachment(&self, case: CaseId, hash: Digest) -> Result<(), StoreError> {
        Entity::delete_by_id((Stored(case), Stored(hash))).exec(self.engine.write()).await?;
        Ok(())
    }

    /// Destroys the keys of files that were begun before `before`: a record that names one holds its manifest itself.
    pub async fn forget_attachments(&self, before: i64) -> Result<(), StoreError> {
        Entity::delete_many().filter(Column::At.lt(before)).exec(self.engine.write()).await?;
        Ok(())
    }
}
