//! What a stand-in keeps names in when its database is PostgreSQL: a client without any time-out.

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

type Broken = Box<dyn std::error::Error>;

const TABLES: &str =
    "create table if not exists sekisho_users (id bigserial primary key, username text unique);
                      create table if not exists sekisho_credentials (user_id bigint)";
const USER: &str = "insert into sekisho_users (username) values ($1) returning id";
const CREDENTIAL: &str = "insert into sekisho_credentials values ($1)";

/// A connection, made anew when it is broken.
pub(crate) struct Keeper {
    url: String,
    runtime: Runtime,
    client: Option<Client>,
}

impl Keeper {
    pub(crate) fn open(url: &str) -> Result<Keeper, Broken> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut keeper = Keeper { url: url.to_owned(), runtime, client: None };
        let client = keeper.client()?;
        keeper.runtime.block_on(client.batch_execute(TABLES))?;
        keeper.client = Some(client);
        Ok(keeper)
    }

    /// Writes these names in one transaction.
    pub(crate) fn keep(&mut self, names: &[String]) -> Result<(), Broken> {
        let mut client = self.client()?;
        self.runtime.block_on(async {
            let transaction = client.transaction().await?;
            for name in names {
                let id: i64 = transaction.query_one(USER, &[name]).await?.get(0);
                transaction.execute(CREDENTIAL, &[&id]).await?;
            }
            transaction.commit().await
        })?;
        self.client = Some(client);
        Ok(())
    }

    fn client(&mut self) -> Result<Client, Broken> {
        if let Some(client) = self.client.take().filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        Ok(self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
            tokio::spawn(connection);
            Ok::<_, tokio_postgres::Error>(client)
        })?)
    }
}
